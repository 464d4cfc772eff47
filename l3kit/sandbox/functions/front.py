"""The public addresses of functions: the front ends of their platforms."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from aiohttp import web
from multidict import CIMultiDict

from l3kit.sandbox.functions import limits
from l3kit.sandbox.functions.deployment import Deployment
from l3kit.sandbox.functions.instance import Body, EndedError, HttpAnswer, Instance, StartError, TooLargeError
from l3kit.sandbox.functions.platform import Failure, Platform
from l3kit.sandbox.functions.runs import TimedOutError, run

HOP_BY_HOP = frozenset(("connection", "keep-alive", "transfer-encoding", "upgrade", "expect", "content-length", "host"))
_OWN = frozenset(("x-forwarded-prefix", "x-forwarded-for", "x-forwarded-proto"))

Note = Callable[[Deployment, str], None]


class Front:
    """Answers requests to functions.

    Args:
        note: writes a line into the function's log.
    """

    def __init__(self, note: Note) -> None:
        self._note = note
        self._runs: set[asyncio.Task[web.Response]] = set()

    async def serve(
        self, request: web.Request, platform: Platform, find: Callable[[], Deployment | None]
    ) -> web.Response:
        """Answer a request to `/_CLOUD/NAME/...`; `find` returns the current deployment."""
        asked = find()
        if asked is None:
            return web.Response(status=404)
        if (refusal := platform.refusal(request, asked.record)) is not None:
            return refusal
        found = await limits.body_of(request, platform.limits.request_bytes)
        if found is None:
            return web.Response(status=413, text="Request Entity Too Large")
        body, length = found
        deployment = find() or asked  # it may have been deployed again while its body came in
        headers = _headers(request, length)
        platform.headers(deployment.record, headers)
        call = (request.method, _target(request), headers, body)
        running = asyncio.create_task(self._run(platform, deployment, find, call))
        self._runs.add(running)
        running.add_done_callback(self._runs.discard)
        done, _ = await asyncio.wait({running}, timeout=platform.limits.http_seconds)
        return running.result() if done else web.Response(status=502)

    async def _run(
        self,
        platform: Platform,
        deployment: Deployment,
        find: Callable[[], Deployment | None],
        call: tuple[str, str, CIMultiDict[str], Body],
    ) -> web.Response:
        """Return the platform's answer, whatever the outcome of the run."""
        failures = platform.failures
        try:
            instance = await started(deployment, find)
            return _response(await run(instance, *call))
        except StartError as error:
            self._note(deployment, f"it did not start: {error}")
            return _failed(failures.not_started)
        except EndedError:
            self._note(deployment, "gave no answer to a request: its process ended, or closed the connection")
            return _failed(failures.ended)
        except TimedOutError as error:
            self._note(deployment, f"its run {error}")
            return _failed(failures.timed_out)
        except TooLargeError:
            self._note(deployment, "its answer is too large")
            return _failed(failures.too_large)


async def started(deployment: Deployment, find: Callable[[], Deployment | None]) -> Instance:
    """Return its process; its successor's if the function was redeployed before the request reached it.

    Raises: StartError.
    """
    try:
        return await deployment.instance()
    except StartError:
        successor = find()
        if successor is None or successor is deployment:
            raise
        return await successor.instance()


def _failed(failure: Failure) -> web.Response:
    status, text = failure
    return web.Response(status=status, text=text)


def _target(request: web.Request) -> str:
    """Return path and query as sent, without the prefix and the function's name."""
    path, mark, query = request.raw_path.partition("?")
    return "/" + "/".join(path.split("/")[3:]) + mark + query


def _headers(request: web.Request, length: int) -> CIMultiDict[str]:
    dropped = HOP_BY_HOP | _OWN
    headers = CIMultiDict((name, value) for name, value in request.headers.items() if name.lower() not in dropped)
    headers["Host"] = request.host
    headers["X-Forwarded-Proto"] = "http"
    headers["X-Forwarded-For"] = "127.0.0.1"
    if length or request.method in ("POST", "PUT", "PATCH"):
        headers["Content-Length"] = str(length)
    return headers


def _response(answer: HttpAnswer) -> web.Response:
    dropped = HOP_BY_HOP | {"server"}
    headers = CIMultiDict((name, value) for name, value in answer.headers.items() if name.lower() not in dropped)
    return web.Response(status=answer.status, headers=headers, body=answer.body)
