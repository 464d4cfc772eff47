"""Function apps for the sandbox, and questions to them."""

from __future__ import annotations

from typing import Any

import requests

from tests.support.cloud_functions import World, azure_zip

APP = """
import json, os, sys, threading, time
import azure.functions as func
from more_routes import blueprint

the_app = func.FunctionApp(http_auth_level=func.AuthLevel.FUNCTION)
the_app.register_functions(blueprint)
LOADED = time.time()
together = threading.Barrier(8)


@the_app.route(route="open", auth_level=func.AuthLevel.ANONYMOUS)
def anonymous(req: func.HttpRequest) -> func.HttpResponse:
    return func.HttpResponse(f"{req.method} {len(req.get_body())}")


@the_app.route(route="run")
def keyed(req: func.HttpRequest, context: func.Context) -> func.HttpResponse:
    headers = {"Content-Type": "application/json", "X-Own": "1"}
    return func.HttpResponse(req.get_body(), status_code=201, headers=headers)


@the_app.route(route="secret", auth_level=func.AuthLevel.ADMIN)
def admin(req: func.HttpRequest) -> str:
    return "admin"


@the_app.route(route="devices", auth_level=func.AuthLevel.ANONYMOUS)
def shown(req: func.HttpRequest) -> str:
    return json.dumps({"query": dict(req.params), "url": req.url, "headers": dict(req.headers)})


@the_app.route(route="only", methods=["PUT"], auth_level=func.AuthLevel.ANONYMOUS)
async def asynchronous(req: func.HttpRequest) -> str:
    return threading.current_thread().name


@the_app.route(route="nothing", auth_level=func.AuthLevel.ANONYMOUS)
def nothing(req: func.HttpRequest) -> None:
    return None


@the_app.route(route="do", auth_level=func.AuthLevel.ANONYMOUS)
def act(req: func.HttpRequest) -> str:
    action = req.params["action"]
    if action == "raise":
        raise ValueError("told to")
    if action == "exit":
        os._exit(3)
    if action == "sleep":
        time.sleep(float(req.params["seconds"]))
        print("slept to the end")
    if action == "wait":
        while not os.path.exists(req.params["file"]):
            time.sleep(0.02)
    if action == "meet":
        together.wait(60)
    return str(LOADED)


@the_app.route(route="world", auth_level=func.AuthLevel.ANONYMOUS)
def world(req: func.HttpRequest) -> str:
    import importlib.util
    there = [name for name in ("l3kit", "pytest", "boto3", "aiohttp") if importlib.util.find_spec(name)]
    return json.dumps({"variables": dict(os.environ), "packages": there, "path": sys.path})


@the_app.timer_trigger(schedule="%WHEN%", arg_name="timer")
def tick(timer: func.TimerRequest) -> None:
    print("tick", timer.past_due)
    if os.environ.get("TICK") == "raise":
        raise RuntimeError("the timer failed")
    if os.environ.get("TICK") == "sleep":
        time.sleep(60)
"""
BLUEPRINT = """
import azure.functions as func

blueprint = func.Blueprint()


@blueprint.route(route="blue", auth_level=func.AuthLevel.ANONYMOUS)
def blue(req: func.HttpRequest) -> str:
    return "blue"
"""
WHEN = {"WHEN": "0 0 3 * * *"}
TINY = """
import azure.functions as func
app = func.FunctionApp()
@app.route(route="run", auth_level=func.AuthLevel.ANONYMOUS)
def run(req: func.HttpRequest) -> str:
    return "tiny"
"""


def whole_app(host: str = '{"version": "2.0"}') -> bytes:
    return azure_zip(APP, host, more_routes__py=BLUEPRINT)


def key_of(world: World, which: str = "key", name: str = "the-app") -> str:
    return str(world.shown("azure", name)[which])


def ask(url: str, method: str = "GET", **more: Any) -> requests.Response:
    return requests.request(method, url, **{"timeout": 60, **more})


def open_requests(world: World, name: str) -> int:
    instance = world.functions._deployments["azure", name]._instance
    return instance.open_requests if instance else 0
