"""Azure Functions, Python v2 model: convert HTTP and timer triggers to calls of `l3kit.tiering`, and its results back.

`lambda_code/azure/<function>/function_app.py` calls `build` at import, so that a missing setting fails the cold start
with an error that names it.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path

import azure.functions as func

from l3kit.clouds.azure.data.stores import openers
from l3kit.clouds.azure.data.variables import VARIABLES
from l3kit.tiering.runtime.functions import Openers
from l3kit.tiering.runtime.http_functions import HttpFunction
from l3kit.tiering.runtime.log_lines import LogLines
from l3kit.tiering.settings.function_table import FUNCTIONS, SCHEDULE_VARIABLE
from l3kit.tiering.settings.loading import load_settings
from l3kit.tiering.transfer.wire import Request

HTTP_SECONDS = 230.0
"""Time-out of Azure's load balancer for an HTTP request, whatever the function's own limit is."""


def build(
    function: str, root: Path, env: Mapping[str, str] = os.environ, opened_by: Openers | None = None
) -> func.FunctionApp:
    """Build the app of a function: `/api/FUNCTION` for a writer, `/api/run` for others, a timer for a mover.

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

    if role == "mover":

        @app.function_name("timer")
        @app.timer_trigger(schedule=f"%{SCHEDULE_VARIABLE}%", arg_name="timer")
        def timer(timer: func.TimerRequest, context: func.Context) -> None:
            served.tick(context.invocation_id)

    return app
