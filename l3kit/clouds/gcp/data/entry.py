"""Cloud Run functions: convert HTTP requests, including Pub/Sub's, to calls of `l3kit.tiering`, and results back.

`lambda_code/gcp/<function>/main.py` calls `build` at import, so that a missing variable fails the cold start with an
error that names it.
"""

from __future__ import annotations

import base64
import os
import uuid
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from pathlib import Path

import flask
import orjson

from l3kit.clouds.gcp.data.measure_lines import measure_line
from l3kit.clouds.gcp.data.stores import openers
from l3kit.clouds.gcp.data.variables import VARIABLES
from l3kit.tiering.runtime.http_functions import HttpFunction
from l3kit.tiering.runtime.log_lines import LogLines
from l3kit.tiering.runtime.measures import Measure
from l3kit.tiering.runtime.openers import Openers
from l3kit.tiering.settings.function_table import FUNCTIONS
from l3kit.tiering.settings.loading import load_settings
from l3kit.tiering.stream.ports import Delivery
from l3kit.tiering.transfer.wire import Request

SCHEDULED = "X-CloudScheduler-ScheduleTime"
"""Cloud Scheduler's header with a job's scheduled time, trusted because only invokers can call the function."""

Handler = Callable[[flask.Request], flask.Response]


def print_now(line: str) -> None:
    """Print a line before Cloud Run may take the processor away between two requests."""
    print(line, flush=True)


def build(
    function: str,
    root: Path,
    env: Mapping[str, str] = os.environ,
    opened_by: Openers | None = None,
    tell: Callable[[str], None] = print_now,
) -> Handler:
    """Build the handler of one of the twin's functions.

    Args:
        root: the folder of the deployed code.
        tell: takes a line that Cloud Logging counts; called only for a twin with alarms.
    Raises: ConfigurationError (a RuntimeError) naming the variable that is missing or wrong; MissingConnectionError.
    """
    settings = load_settings(function, env, cloud=VARIABLES, root=root)
    log_lines = LogLines(function, settings.token, *(one.token for one in settings.former))
    if "K_SERVICE" in env:
        log_lines.install()

    def measured(values: Mapping[Measure, float]) -> None:
        tell(measure_line(settings.twin.name, values, function if FUNCTIONS[function].is_scheduled else ""))

    opened = opened_by or openers(settings.tuning, env)
    told = measured if settings.twin.alarms else None
    served = HttpFunction(settings, opened, log_lines, seconds=settings.seconds, measured=told)
    role = FUNCTIONS[function].role

    def handler(request: flask.Request) -> flask.Response:
        query = request.query_string.decode("utf-8", "surrogateescape")
        asked = Request(dict(request.headers), request.get_data(), request.method, query)
        request_id = request.headers.get("X-Cloud-Trace-Context", "").partition("/")[0] or uuid.uuid4().hex
        delivery = pushed(asked) if role == "source" else None
        if delivery is not None:
            answer = served.deliver([delivery], request_id)
        else:
            answer = served.answer(asked, request_id, scheduled=request.headers.get(SCHEDULED))
        return flask.Response(answer.body, answer.status, answer.all_headers)

    return handler


def pushed(request: Request) -> Delivery | None:
    """Return the message in a Pub/Sub push request ("Receive messages from a push subscription"); None for any other.

    The attribute `deviceId` names the sender.
    """
    try:
        envelope = orjson.loads(request.body)
        message = envelope["message"]
        body = base64.b64decode(message.get("data", ""), validate=True)
        attributes = message.get("attributes") or {}
        if not isinstance(envelope["subscription"], str) or not isinstance(attributes, dict):
            return None
    except (ValueError, KeyError, TypeError, AttributeError):
        return None
    device = attributes.get("deviceId")
    return Delivery(body, device if device and isinstance(device, str) else None, _moment(message.get("publishTime")))


def _moment(text: object) -> datetime | None:
    """Parse a time of Pub/Sub, RFC 3339 with up to nine fraction digits."""
    try:
        moment = datetime.fromisoformat(text) if isinstance(text, str) else None
    except ValueError:
        return None
    return moment and moment.replace(tzinfo=moment.tzinfo or UTC)
