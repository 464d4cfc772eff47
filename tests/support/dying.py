"""Processes that die at a call, whose call is refused, or whose answer is lost."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from l3kit.errors import L3Error
from tests.support.moving import Dead


@dataclass
class Fault:
    """What happens at the n-th call of all functions: the process dies `before` or `after` it, the call is `refused`,
    or it takes effect and its answer is `lost`.

    Attributes:
        then: another one, its calls counted from this one on.
    """

    at: int = 0
    how: str = ""
    then: Fault | None = None
    calls: int = 0
    struck: bool = False

    def __str__(self) -> str:
        return f"{self.how} at call {self.at}" + (f", then {self.then}" if self.then else "")

    @property
    def injected(self) -> int:
        return self.struck + (self.then.injected if self.then else 0)

    def strikes(self) -> str:
        """How the call that is made now fails; empty if it does not."""
        if self.struck and self.then:
            return self.then.strikes()
        self.calls += 1
        if self.calls != self.at:
            return ""
        self.struck = True
        return self.how


class Process:
    """One function's process: once it is dead it makes no further call."""

    def __init__(self, fault: Fault) -> None:
        self._fault = fault
        self._dead = False

    def guarded(self, thing: Any, error: type[L3Error]) -> Any:
        """The thing, with every coroutine of it under the fault."""
        return _Guarded(self, thing, error)

    @contextmanager
    def call(self, error: type[L3Error]) -> Iterator[None]:
        if self._dead:
            raise Dead
        how = self._fault.strikes()
        if how == "before":
            self._dead = True
            raise Dead
        if how == "refused":
            raise error("the service", "answered 503 to every try")
        yield
        if how == "after":
            self._dead = True
            raise Dead
        if how == "lost":
            raise error("the service", "the answer was lost")


class _Guarded:
    def __init__(self, process: Process, thing: Any, error: type[L3Error]) -> None:
        self._process, self._thing, self._error = process, thing, error

    def __getattr__(self, name: str) -> Any:
        attribute = getattr(self._thing, name)
        if not asyncio.iscoroutinefunction(attribute):
            return attribute

        async def call(*args: Any, **kwargs: Any) -> Any:
            with self._process.call(self._error):
                return await attribute(*args, **kwargs)

        return call
