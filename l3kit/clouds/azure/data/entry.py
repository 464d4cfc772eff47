"""Azure Functions, Python v2 model: convert triggers (HTTP, timer, Event Hubs) to calls of `l3kit.tiering`, and back.

`lambda_code/azure/<function>/function_app.py` calls `build` at import, so that a missing setting fails the cold start
with an error that names it.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from datetime import UTC
from pathlib import Path
from typing import List  # noqa: UP035

import azure.functions as func

from l3kit.clouds.azure.data.stores import openers
from l3kit.clouds.azure.data.variables import EVENTS_CONNECTION, EVENTS_NAME, VARIABLES
from l3kit.errors import L3Error
from l3kit.tiering.runtime.http_functions import HttpFunction
from l3kit.tiering.runtime.log_lines import LogLines
from l3kit.tiering.runtime.openers import Openers
from l3kit.tiering.settings.function_table import FUNCTIONS, SCHEDULE_VARIABLE
from l3kit.tiering.settings.loading import load_settings
from l3kit.tiering.stream.ports import Delivery
from l3kit.tiering.transfer.wire import Request

AGAIN = "The hub delivers the batch again"
HTTP_SECONDS = 230.0
"""Time-out of Azure's load balancer for an HTTP request, regardless of the function's own limit."""


def build(
    function: str, root: Path, env: Mapping[str, str] = os.environ, opened_by: Openers | None = None
) -> func.FunctionApp:
    """Build the app of a function: `/api/FUNCTION` for a writer, `/api/run` for others.

    A mover and the expirer also have a timer; a source has the trigger of the IoT hub's Event Hubs endpoint.

    A reader with an address has both routes.

    Args:
        root: the folder of the deployed code.
    Raises: ConfigurationError (a RuntimeError) naming the setting that is missing or wrong; MissingConnectionError.
    """
    settings = load_settings(function, env, cloud=VARIABLES, root=root)
    log_lines = LogLines(function, settings.token, *(one.token for one in settings.former))
    if "FUNCTIONS_WORKER_RUNTIME" in env:
        log_lines.install()
    served = HttpFunction(settings, opened_by or openers(settings.tuning, env), log_lines, seconds=settings.seconds)
    app = func.FunctionApp()
    role = FUNCTIONS[function].role
    # A writer checks its own token; for the others the platform checks the function's key.
    level = func.AuthLevel.ANONYMOUS if role == "writer" else func.AuthLevel.FUNCTION

    @app.function_name("http")
    @app.route(route=function if role == "writer" else "run", auth_level=level)
    def http(req: func.HttpRequest, context: func.Context) -> func.HttpResponse:
        request = Request(dict(req.headers), req.get_body(), req.method)
        keyed = level is func.AuthLevel.FUNCTION
        answer = served.answer(request, context.invocation_id, limit=HTTP_SECONDS, authorized=keyed)
        return func.HttpResponse(answer.body, status_code=answer.status, headers=answer.all_headers)

    if role == "reader" and settings.takes_token:

        @app.function_name("public")
        @app.route(route=function, auth_level=func.AuthLevel.ANONYMOUS)
        def public(req: func.HttpRequest, context: func.Context) -> func.HttpResponse:
            request = Request(dict(req.headers), b"", req.method, req.url.partition("?")[2])
            answer = served.answer(request, context.invocation_id)
            return func.HttpResponse(answer.body, status_code=answer.status, headers=answer.all_headers)

    if FUNCTIONS[function].is_scheduled:

        @app.function_name("timer")
        @app.timer_trigger(schedule=f"%{SCHEDULE_VARIABLE}%", arg_name="timer")
        def timer(timer: func.TimerRequest, context: func.Context) -> None:
            served.tick(context.invocation_id)

    if role == "source":

        @app.function_name("events")
        @app.event_hub_message_trigger(
            arg_name="events",
            connection=EVENTS_CONNECTION,
            event_hub_name=f"%{EVENTS_NAME}%",
            data_type="BINARY",  # other types are read as JSON, which would round numbers
            cardinality="many",
        )
        @app.retry(strategy="fixed_delay", max_retry_count="-1", delay_interval="00:00:10")
        def on_events(events: List[func.EventHubEvent], context: func.Context) -> None:  # noqa: UP006 (see below)
            # the Functions worker looks at the annotation, and takes `list[...]` for no list
            answer = served.deliver([delivery_of(event) for event in events], context.invocation_id)
            if answer.status != 200:
                raise L3Error(function, "not every message is in the hot tier or in the dead letters", AGAIN)

    return app


def delivery_of(event: func.EventHubEvent) -> Delivery:
    """Convert an event of IoT Hub, whose system property `iothub-connection-device-id` names the sender."""
    device = (event.iothub_metadata or {}).get("connection-device-id")
    received = event.enqueued_time
    return Delivery(event.get_body(), device or None, received and received.replace(tzinfo=received.tzinfo or UTC))
