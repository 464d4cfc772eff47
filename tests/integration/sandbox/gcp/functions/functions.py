"""A Cloud Run function for the sandbox, and questions to it."""

from __future__ import annotations

import time
from typing import Any

import psutil
import requests

from tests.support.cloud_functions import World

HALF_BODY = b"POST /?action=length HTTP/1.1\r\nHost: x\r\nContent-Length: 10\r\n\r\nabc"
MAIN = """
import importlib.util, json, os, sys, threading, time
import flask

LOADED = f"{time.time()} {os.getpid()}"
together = threading.Barrier(4)


def main(request):
    action = request.args.get("action", "")
    if action == "echo":
        told = {"method": request.method, "path": request.path, "url": request.url, "headers": dict(request.headers)}
        return told | {"query": request.args.to_dict(flat=False), "body": request.get_data(as_text=True)}
    if action == "length":
        return str(len(request.get_data()))
    if action == "answer":
        return flask.Response(bytes(int(request.args["size"])))
    if action == "stream":
        blocks = (bytes(1024 * 1024) for _ in range(33))
        return flask.Response(blocks, headers={"X-Own": "1"})
    if action == "status":
        return flask.Response("teapot", 418, {"X-Own-CASE": "1"})
    if action == "raise":
        raise ValueError("told to")
    if action == "exit":
        os._exit(3)
    if action == "sleep":
        print("sleeps", flush=True)
        time.sleep(float(request.args["seconds"]))
        print("slept to the end")
    if action == "meet":
        together.wait(60)
    if action == "world":
        there = [name for name in ("l3kit", "pytest", "boto3", "aiohttp") if importlib.util.find_spec(name)]
        return {"variables": dict(os.environ), "packages": there, "path": sys.path}
    return LOADED
"""
TINY = "def main(request):\n    return 'tiny'\n"
JOB = {"name": "nightly", "schedule": "0 3 * * SUN", "body": '{"a": 1}'}


def ask(url: str, action: str = "", method: str = "GET", **more: Any) -> requests.Response:
    params = {"action": action, **more.pop("params", {})}
    return requests.request(method, url, params=params, **{"timeout": 60, **more})


def port_of(world: World) -> int:
    """On which the function's own server listens."""
    served = world.processes("gcp", "the-function")[0].net_connections("inet")
    return next(int(one.laddr.port) for one in served if one.status == psutil.CONN_LISTEN)


def served_again(url: str) -> bool:
    """Within moments: while a server replaces its worker a request may still meet the old one."""
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        if ask(url).status_code == 200:
            return True
    return False


def open_requests(world: World, name: str) -> int:
    instance = world.functions._deployments["gcp", name]._instance
    return instance.open_requests if instance else 0
