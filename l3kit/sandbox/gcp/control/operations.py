"""Long-running operations: begun by one call, looked at by others, carried out when their time has come."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from l3kit.sandbox.gcp.control.answers import RefusedError, missing
from l3kit.sandbox.gcp.control.calls import Answer, Call, Method, Methods, page
from l3kit.sandbox.gcp.control.project import Project

Finish = Callable[[Any], Mapping[str, Any]]
"""Brings about the operation's effect, with the result of its work. Returns: its response. Raises: RefusedError."""


@dataclass(slots=True)
class Operation:
    """One operation.

    Attributes:
        metadata: as looked at now; its finish may change it.
        done_at: seconds since 1970 before which it is not done.
        target: name of what it changes.
    """

    name: str
    metadata: dict[str, Any]
    done_at: float
    target: str
    finish: Finish
    work: asyncio.Future[Any] | None = None
    done: bool = False
    response: Mapping[str, Any] | None = None
    error: Mapping[str, Any] | None = None

    def resource(self) -> dict[str, Any]:
        """Return it as answers show it."""
        shown: dict[str, Any] = {"name": self.name}
        if self.metadata:
            shown["metadata"] = dict(self.metadata)
        if self.done:
            shown["done"] = True
        if self.error is not None:
            shown["error"] = dict(self.error)
        elif self.response is not None:
            shown["response"] = dict(self.response)
        return shown


@dataclass(slots=True)
class Operations:
    """All operations of a project, of all APIs. None is forgotten while the double lives.

    An operation is never done in the answer that begins it, however short it is.
    """

    project: Project
    _all: dict[str, Operation] = field(default_factory=dict)
    _running: list[Operation] = field(default_factory=list)

    def begin(
        self,
        api: str,
        name: str,
        target: str,
        metadata: Mapping[str, Any],
        finish: Finish,
        work: Awaitable[Any] | None = None,
    ) -> dict[str, Any]:
        """Begin an operation, and its work if it has some. Returns: the answer of the call that begins it."""
        due = self.project.clock() + self.project.settings.operation_time(api)
        running = asyncio.ensure_future(work) if work is not None else None
        operation = Operation(name, dict(metadata), due, target, finish, running)
        self._all[name] = operation
        self._running.append(operation)
        return operation.resource()

    def done(self, name: str, response: Mapping[str, Any], metadata: Mapping[str, Any] | None = None) -> dict[str, Any]:
        """Return an operation that had nothing to do."""
        operation = Operation(name, dict(metadata or {}), 0, "", lambda result: response, None, True, response)
        self._all[name] = operation
        return operation.resource()

    def busy(self, target: str) -> bool:
        """Return whether an operation on this resource is running."""
        return any(one.target == target for one in self._running)

    async def settle(self) -> None:
        """Bring about the effects of all operations whose time has come."""
        if not self._running:
            return
        if any(one.work is not None for one in self._running):
            await asyncio.sleep(0)  # work that waits for nothing ends in this turn
        now = self.project.clock()
        ready = [one for one in self._running if one.done_at <= now and (one.work is None or one.work.done())]
        for operation in sorted(ready, key=lambda one: one.done_at):
            self._running.remove(operation)
            _end(operation)

    async def close(self) -> None:
        """End all work: the double ends."""
        working = [one.work for one in self._running if one.work is not None]
        for work in working:
            work.cancel()
        await asyncio.gather(*working, return_exceptions=True)

    def methods(self, *prefixes: tuple[str, str]) -> Methods:
        """Return the methods to look at operations.

        Args:
            prefixes: their ids, and their permissions, each before the verb.
        """
        found: dict[str, Method] = {}
        for prefix, permission in prefixes:
            found[f"{prefix}.get"] = Method(self._get, f"{permission}.get")
            found[f"{prefix}.list"] = Method(self._list, f"{permission}.list")
        return found

    def find(self, given: str) -> dict[str, Any]:
        """Return an operation as it is now. Raises: RefusedError."""
        name = self.project.own(given)
        operation = self._all.get(name)
        if operation is None:
            raise missing(f"Operation {name} not found.")
        return operation.resource()

    def _get(self, call: Call) -> Answer:
        return self.find(call.name)

    def _list(self, call: Call) -> Answer:
        parent = self.project.own(call.name)
        shown = [one.resource() for name, one in sorted(self._all.items()) if name.startswith(f"{parent}/operations/")]
        return page(call, shown, "operations")


def _end(operation: Operation) -> None:
    operation.done = True
    finish, operation.finish = operation.finish, _finished  # which may hold a function's code
    try:
        result = operation.work.result() if operation.work is not None else None
        operation.response = finish(result)
    except RefusedError as refusal:
        operation.error = refusal.status_form()
    except asyncio.CancelledError:
        operation.error = RefusedError("CANCELLED", "The operation was cancelled.").status_form()
    except Exception as error:  # nothing that a client sends may end the double
        operation.error = RefusedError("INTERNAL", f"Internal error ({type(error).__name__})").status_form()
    operation.work = None


def _finished(result: object) -> Mapping[str, Any]:
    return {}
