"""The public addresses of functions: the platforms' front ends of Azure and Google Cloud."""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import Callable

from aiohttp import web
from multidict import CIMultiDict

from l3kit.sandbox.function_hosts.azure_host import PREFIX_HEADER
from l3kit.sandbox.functions import limits
from l3kit.sandbox.functions.deployment import Deployment
from l3kit.sandbox.functions.identity import Identity
from l3kit.sandbox.functions.instance import Body, EndedError, HttpAnswer, Instance, StartError, TooLargeError
from l3kit.sandbox.functions.runs import TimedOutError, run

PREFIXES = {"azure": "/_azure/", "gcp": "/_gcp/"}
AZURE_HTTP_SECONDS = 230.0
"""Azure's load balancer gives up on a request after this time; the run continues."""
HOP_BY_HOP = frozenset(("connection", "keep-alive", "transfer-encoding", "upgrade", "expect", "content-length", "host"))
_OWN = frozenset(("x-forwarded-prefix", "x-forwarded-for", "x-forwarded-proto"))

Note = Callable[[Deployment, str], None]


class Front:
    """Answers requests to functions.

    Args:
        note: writes a line into the function's log.
        endpoint: the gateway's address, the base of the functions' addresses.
        identity: verifies the identity tokens of callers.
        azure_http_seconds: see AZURE_HTTP_SECONDS.
    """

    def __init__(
        self, note: Note, endpoint: str, identity: Identity, azure_http_seconds: float = AZURE_HTTP_SECONDS
    ) -> None:
        self._note = note
        self._endpoint = endpoint
        self._identity = identity
        self._azure_http_seconds = azure_http_seconds
        self._runs: set[asyncio.Task[web.Response]] = set()

    async def serve(self, request: web.Request, cloud: str, find: Callable[[], Deployment | None]) -> web.Response:
        """Answer a request to `/_azure/NAME/...` or `/_gcp/NAME/...`; `find` returns the current deployment."""
        asked = find()
        if asked is None:
            return web.Response(status=404)
        record = asked.record
        if cloud == "gcp" and not record.definition.public:
            url = f"{self._endpoint}{PREFIXES[cloud]}{record.name}"
            if (refusal := limits.sender_refused(request, record, self._identity, url)) is not None:
                return refusal
        found = await limits.body_of(request, cloud)
        if found is None:
            return web.Response(status=413, text="Request Entity Too Large")
        body, length = found
        deployment = find() or asked  # it may have been deployed again while its body came in
        headers = _headers(request, deployment, length)
        running = asyncio.create_task(self._run(deployment, find, request.method, _target(request), headers, body))
        self._runs.add(running)
        running.add_done_callback(self._runs.discard)
        done, _ = await asyncio.wait({running}, timeout=self._azure_http_seconds if cloud == "azure" else None)
        return running.result() if done else web.Response(status=502)

    async def _run(
        self,
        deployment: Deployment,
        find: Callable[[], Deployment | None],
        method: str,
        target: str,
        headers: CIMultiDict[str],
        body: Body,
    ) -> web.Response:
        """Return the platform's answer, whatever the outcome of the run."""
        azure = deployment.record.cloud == "azure"
        try:
            instance = await started(deployment, find)
            return _response(await run(instance, method, target, headers, body))
        except StartError as error:
            self._note(deployment, f"it did not start: {error}")
            return web.Response(status=503, text="Function host is not running.") if azure else _unavailable(500)
        except EndedError:
            self._note(deployment, "gave no answer to a request: its process ended, or closed the connection")
            return web.Response(status=502) if azure else _unavailable(503)
        except TimedOutError as error:
            self._note(deployment, f"its run {error}")
            return web.Response(status=500) if azure else web.Response(status=504, text="upstream request timeout")
        except TooLargeError:
            self._note(deployment, "its answer is too large")
            return _unavailable(500)


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


def _unavailable(status: int) -> web.Response:
    return web.Response(status=status, text="The request failed: the function gave no answer that can be passed on")


def _target(request: web.Request) -> str:
    """Return path and query as sent, without the prefix and the function's name."""
    path, mark, query = request.raw_path.partition("?")
    return "/" + "/".join(path.split("/")[3:]) + mark + query


def _headers(request: web.Request, deployment: Deployment, length: int) -> CIMultiDict[str]:
    dropped = HOP_BY_HOP | _OWN
    headers = CIMultiDict((name, value) for name, value in request.headers.items() if name.lower() not in dropped)
    headers["Host"] = request.host
    headers["X-Forwarded-Proto"] = "http"
    headers["X-Forwarded-For"] = "127.0.0.1"
    if length or request.method in ("POST", "PUT", "PATCH"):
        headers["Content-Length"] = str(length)
    record = deployment.record
    if record.cloud == "azure":
        headers[PREFIX_HEADER] = PREFIXES["azure"] + record.name
        return headers
    headers.setdefault("X-Cloud-Trace-Context", f"{secrets.token_hex(16)}/{secrets.randbits(63)};o=0")
    if not record.definition.public:
        headers.popall("Authorization", None)  # Cloud Run has looked at it, and passes no token on that could be used
    return headers


def _response(answer: HttpAnswer) -> web.Response:
    dropped = HOP_BY_HOP | {"server"}
    headers = CIMultiDict((name, value) for name, value in answer.headers.items() if name.lower() not in dropped)
    return web.Response(status=answer.status, headers=headers, body=answer.body)
