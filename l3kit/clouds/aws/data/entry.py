"""Lambda handlers: convert events to calls of `l3kit.tiering` and its results to responses. No tiering logic here.

`lambda_code/aws/<function>/lambda_function.py` calls `build` at import, so that a missing variable fails the cold start
with an error that names it.
"""

from __future__ import annotations

import asyncio
import base64
import os
from collections.abc import Callable, Mapping
from contextvars import copy_context
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

import orjson

from l3kit.clouds.aws.data.http import tls_context
from l3kit.clouds.aws.data.late_modules import LATE_MODULES
from l3kit.clouds.aws.data.stores import open_feedback, open_hot, open_journal, open_objects, open_peers
from l3kit.clouds.aws.data.variables import VARIABLES
from l3kit.tiering.runtime.functions import Function, Run, bounded_report
from l3kit.tiering.runtime.log_lines import LogLines
from l3kit.tiering.runtime.openers import Openers
from l3kit.tiering.settings.function_table import FUNCTIONS
from l3kit.tiering.settings.loading import load_settings
from l3kit.tiering.settings.tuning import Tuning

if TYPE_CHECKING:  # imported by the functions that need it
    from l3kit.tiering.transfer.wire import Request, Response

Event = Mapping[str, Any]
Handler = Callable[[Event, Any], Any]


class Context(Protocol):
    """The part of Lambda's context object that l3kit uses."""

    aws_request_id: str

    def get_remaining_time_in_millis(self) -> int: ...


def print_now(line: str) -> None:
    """Print a line before Lambda may stop the process between two invocations."""
    print(line, flush=True)


def openers(tuning: Tuning) -> Openers:
    """Openers for stores, functions and devices, by the usual variables for region, endpoints and credentials."""
    timeout = float(tuning.request_timeout_seconds)
    return Openers(
        partial(open_hot, delete_concurrency=tuning.delete_concurrency, timeout=timeout),
        partial(open_journal, timeout=timeout),
        partial(open_objects, timeout=timeout),
        open_peers,
        partial(open_feedback, timeout=timeout),
    )


def build(
    function: str,
    env: Mapping[str, str] = os.environ,
    opened_by: Openers | None = None,
    tell: Callable[[str], None] = print_now,
) -> Handler:
    """Build the handler of one of the twin's functions.

    Args:
        tell: takes a line that CloudWatch makes metrics of; called only for a twin with alarms.
    Raises: ConfigurationError (a RuntimeError) naming the variable that is missing or wrong; MissingConnectionError.
    """
    settings = load_settings(function, env, cloud=VARIABLES, root=Path(env.get("LAMBDA_TASK_ROOT", ".")))
    log_lines = LogLines(function, settings.token, *(one.token for one in settings.former))
    if "AWS_LAMBDA_RUNTIME_API" in env:
        log_lines.install()
        if "AWS_ENDPOINT_URL" not in env:  # where the emulator is, which has no TLS
            tls_context(env.get("AWS_CA_BUNDLE") or None)  # while the function starts; its first call needs it
    runner = asyncio.Runner()  # one loop for all invocations: connections stay open between them
    served = Function(settings, opened_by or openers(settings.tuning), LATE_MODULES)
    role, scheduled = FUNCTIONS[function].role, FUNCTIONS[function].is_scheduled

    async def serve(event: Event, context: Context) -> Any:
        def remaining() -> float:
            return context.get_remaining_time_in_millis() / 1000

        if scheduled:
            run = Run(event.get("time"), context.aws_request_id, remaining, event.get("canary") is True)
            report = await served.move(run)
            if settings.twin.alarms and not run.canary:  # a canary is no run
                from l3kit.clouds.aws.data.metric_lines import metric_line
                from l3kit.tiering.runtime.measures import measures_of

                finished = datetime.fromisoformat(report.finished)
                tell(metric_line(settings.twin.name, finished, measures_of(report), function))
            return bounded_report(report)
        if role in ("source", "step"):
            return await chain_answer(served, event, remaining)
        if role == "writer":
            return url_answer(await served.write(url_request(event)))
        if "http" in (event.get("requestContext") or ()):  # only its Function URL makes such an event
            from l3kit.tiering.format.exact_numbers import exact_dumps

            answer = await served.answer(url_request(event))
            return url_answer(answer, exact_dumps(dict(answer.body)))
        return await served.read(event)

    def handler(event: Event, context: Any) -> Any:
        log_lines.request_id = context.aws_request_id
        try:
            return runner.run(serve(event, context), context=copy_context())
        finally:
            if (letters := served.take_letter_count()) and settings.twin.alarms:
                from l3kit.clouds.aws.data.metric_lines import metric_line

                tell(metric_line(settings.twin.name, datetime.now(UTC), {"DeadLetters": letters}))

    return handler


async def chain_answer(served: Function, event: Any, remaining: Callable[[], float]) -> Any:
    """Handle an event of a function of the message chain: an IoT rule's, another function's, or a bare message.

    Raises: L3Error, so that IoT's rule or the caller delivers again.
    """
    from l3kit.clouds.aws.data.events import delivery_of, unwrapped

    delivery = delivery_of(event)
    if delivery is not None:
        return await served.dispatch([delivery], remaining)
    return orjson.loads(await served.step(unwrapped(event), remaining))


def url_request(event: Event) -> Request:
    """Convert a Function URL event, payload format 2.0, to a request."""
    from l3kit.tiering.transfer.wire import Request

    body = event.get("body") or ""
    content = base64.b64decode(body) if event.get("isBase64Encoded") else body.encode("utf-8", "surrogatepass")
    method = event.get("requestContext", {}).get("http", {}).get("method", "POST")
    return Request(event.get("headers") or {}, content, method, event.get("rawQueryString") or "")


def url_answer(response: Response, body: bytes | None = None) -> dict[str, Any]:
    """Convert a response to the format of a Function URL.

    Args:
        body: its JSON, if it may be large: base64 adds a third, while quotes escaped in text may double it.
    """
    content = orjson.dumps(dict(response.body)) if body is None else base64.b64encode(body)
    return {
        "statusCode": response.status,
        "headers": {"content-type": "application/json", "cache-control": "no-store", **response.headers},
        "body": content.decode(),
        "isBase64Encoded": body is not None,
    }
