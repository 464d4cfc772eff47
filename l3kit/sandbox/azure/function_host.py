"""Serve one Azure function app: `python -S -s -P function_host.py ROOT DEPENDENCIES READY_FD`.

Loads `function_app.py` with the azure.functions package from the app's own requirements and serves its routes, timers
and Event Hubs trigger on a free loopback port, written to READY_FD. This module may import only the standard library
and the app's dependencies.
"""

from __future__ import annotations

import asyncio
import ctypes
import hmac
import importlib.util
import inspect
import json
import logging
import os
import re
import signal
import sys
import threading
import traceback
import uuid
from collections.abc import Mapping
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, unquote, urlsplit

KEY_VARIABLE, MASTER_VARIABLE = "L3KIT_SANDBOX_FUNCTION_KEY", "L3KIT_SANDBOX_MASTER_KEY"
SERVED_BINDINGS = frozenset(("httpTrigger", "http", "timerTrigger", "eventHubTrigger"))
PREFIX_HEADER = "X-Forwarded-Prefix"
EVENTS_PATH = "/admin/events"
"""Path to which the gateway posts a batch for the Event Hubs trigger."""
_PERCENT = re.compile(r"%([^%\s]+)%")
_SPAN = re.compile(r"(?:(?P<days>\d+)\.)?(?P<hours>\d\d?):(?P<minutes>\d\d):(?P<seconds>\d\d)")
DEFAULT_SECONDS, MAX_SECONDS = 300, 600
"""Default and maximum duration of a run on the Consumption plan."""

Answer = tuple[int, list[tuple[str, str]], bytes]


def end_with_gateway() -> None:
    """End this process when the gateway ends."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(1, signal.SIGKILL)  # 1 = PR_SET_PDEATHSIG
        if os.getppid() == 1:
            sys.exit(1)


class App:
    """The routes, timers and Event Hubs trigger of one function app."""

    def __init__(self, app: Any, prefix: str, key: str, master: str) -> None:
        import azure.functions as func

        self._func = func
        self._keys = {"FUNCTION": (key, master), "ADMIN": (master,)}
        self._master = master
        self._loop = asyncio.new_event_loop()
        threading.Thread(target=self._loop.run_forever, daemon=True).start()
        self._routes: dict[str, tuple[Any, Mapping[str, Any]]] = {}
        self.timers: dict[str, tuple[Any, Mapping[str, Any]]] = {}
        self.hub: tuple[Any, Mapping[str, Any]] | None = None
        self._events = _module_at(Path(__file__).with_name("function_events.py"))
        for function in app.get_functions():
            name, trigger = function.get_function_name(), function.get_trigger().get_dict_repr()
            strange = {binding.type for binding in function.get_bindings()} - SERVED_BINDINGS
            if strange:
                raise RuntimeError(
                    f"{name}: the sandbox serves HTTP, timer and Event Hubs triggers, not {', '.join(strange)}"
                )
            if trigger["type"] == "timerTrigger":
                self.timers[name] = (function, trigger)
            elif trigger["type"] == "eventHubTrigger":
                if self.hub is not None:
                    raise RuntimeError(f"{name}: the sandbox serves one Event Hubs trigger an app")
                self.hub = (function, trigger)
            else:
                route = f"{prefix}/{trigger.get('route') or name}".strip("/").lower()
                if "{" in route or route in self._routes:
                    raise RuntimeError(
                        f"{name}: the sandbox serves one function a route, without parameters: {route!r}"
                    )
                self._routes[route] = function, trigger

    def schedules(self) -> dict[str, str]:
        """Each timer's schedule with app settings resolved. Raises: RuntimeError for a missing setting."""
        found = {}
        for name, (_, trigger) in self.timers.items():
            missing = [setting for setting in _PERCENT.findall(trigger["schedule"]) if setting not in os.environ]
            if missing:
                raise RuntimeError(
                    f"the schedule of timer {name} refers to the setting {missing[0]}, which does not exist"
                )
            found[name] = _PERCENT.sub(lambda match: os.environ[match[1]], trigger["schedule"])
        return found

    def trigger(self, host_json: Mapping[str, Any]) -> dict[str, Any] | None:
        """The settings of its Event Hubs trigger; None without one. Raises: RuntimeError."""
        return self._events.described(*self.hub, host_json) if self.hub else None

    def call(self, method: str, target: str, headers: list[tuple[str, str]], body: bytes) -> Answer:
        """Answer one request."""
        try:
            parts = urlsplit(target)
        except ValueError:
            return 400, [], b""
        path, query = parts.path.strip("/"), _joined(parse_qsl(parts.query))
        lower = {name.lower(): value for name, value in _joined(headers).items()}
        given = lower.get("x-functions-key") or query.get("code", "")
        if path == EVENTS_PATH.strip("/"):
            return self._hand_over(given, body)
        if path.startswith("admin/functions/"):
            return self._admin(unquote(path.removeprefix("admin/functions/")), method, given)
        function, trigger = self._routes.get(unquote(path).lower(), (None, {}))  # whatever the case, as on Azure
        if function is None or (trigger.get("methods") and method not in map(_name, trigger["methods"])):
            return 404, [], b""
        keys = self._keys.get(_name(trigger.get("authLevel") or "FUNCTION"), ())
        if keys and not any(_same(given, key) for key in keys):
            return 401, [], b""
        url = f"http://{lower.get('host', '')}{lower.pop(PREFIX_HEADER.lower(), '')}{target}"
        request = self._func.HttpRequest(method=method, url=url, headers=lower, params=query, body=body)
        return self._http(function, request)

    def _http(self, function: Any, request: Any) -> Answer:
        try:
            answer = self._run(function, request)
            if answer is None:
                return 204, [], b""
            if isinstance(answer, str):
                answer = self._func.HttpResponse(answer)
            headers = list(answer.headers.items())
            if "content-type" not in answer.headers:
                text = answer.mimetype.startswith("text/")
                headers.append(("Content-Type", answer.mimetype + (f"; charset={answer.charset}" if text else "")))
            return int(answer.status_code), headers, answer.get_body() or b""
        except Exception:
            traceback.print_exc()
            return 500, [], b""

    def _admin(self, name: str, method: str, given: str) -> Answer:
        """Run a timer by hand and wait for its end."""
        if not _same(given, self._master):
            return 401, [], b""
        if name not in self.timers or method != "POST":
            return 404, [], b""
        outcome: dict[str, Any] = {}
        try:
            self._run(self.timers[name][0], self._timer())
        except Exception as error:
            traceback.print_exc()
            outcome["error"] = f"{type(error).__name__}: {error}"
        return (500 if outcome else 200), [("Content-Type", "application/json")], json.dumps(outcome).encode()

    def _hand_over(self, given: str, body: bytes) -> Answer:
        """Call the Event Hubs trigger; 500 asks for the same batch again."""
        if not _same(given, self._master):
            return 401, [], b""
        if self.hub is None:
            return 404, [], b""
        try:
            self._run(self.hub[0], self._events.events_of(body))
            return 200, [], b""
        except Exception:
            traceback.print_exc()
            return 500, [], b""

    def _timer(self) -> Any:
        class Timer(self._func.TimerRequest):  # type: ignore[name-defined,misc]
            past_due = False

        return Timer()

    def _run(self, function: Any, trigger_value: Any) -> Any:
        user = function.get_user_function()
        arguments = {function.get_trigger().name: trigger_value}
        if "context" in inspect.signature(user).parameters:
            arguments["context"] = self._context(function.get_function_name())
        if inspect.iscoroutinefunction(user):
            return asyncio.run_coroutine_threadsafe(user(**arguments), self._loop).result()
        return user(**arguments)

    def _context(self, name: str) -> Any:
        class Context(self._func.Context):  # type: ignore[name-defined,misc]
            invocation_id = str(uuid.uuid4())
            function_name = name
            function_directory = str(Path.cwd())
            thread_local_storage = threading.local()
            trace_context = None
            retry_context = None

        return Context()


def _joined(pairs: list[tuple[str, str]]) -> dict[str, str]:
    """Join the values of a repeated name with commas, as the Functions host does for its workers."""
    found: dict[str, str] = {}
    for name, value in pairs:
        found[name] = f"{found[name]},{value}" if name in found else value
    return found


def _same(given: str, key: str) -> bool:
    return hmac.compare_digest(given.encode("utf-8", "surrogatepass"), key.encode())


def _name(value: Any) -> str:
    return str(getattr(value, "name", value)).upper()


def app_of(module: Any) -> Any:
    """The module's only function app, under any name. Raises: RuntimeError if it has none or several."""
    from azure.functions.decorators.function_app import FunctionRegister

    found = {id(value): value for value in vars(module).values() if isinstance(value, FunctionRegister)}
    if len(found) != 1:
        raise RuntimeError(f"function_app.py has {len(found)} function apps at its top level, not one")
    return next(iter(found.values()))


def run_seconds(host_json: Mapping[str, Any]) -> int:
    """Time limit of a run from functionTimeout. Raises: RuntimeError for a value that the Consumption plan refuses."""
    if "functionTimeout" not in host_json:
        return DEFAULT_SECONDS
    found = _SPAN.fullmatch(str(host_json["functionTimeout"]))
    days, hours, minutes, seconds = (int(part or 0) for part in found.groups()) if found else (0, 0, 0, 0)
    total = ((days * 24 + hours) * 60 + minutes) * 60 + seconds
    if not 1 <= total <= MAX_SECONDS:
        raise RuntimeError("host.json's functionTimeout must be from 00:00:01 to 00:10:00")
    return total


def _module_at(path: Path) -> Any:
    """Load a module of the sandbox, whose folders are not on the function's import path."""
    spec = importlib.util.spec_from_file_location(f"_l3kit_{path.stem}", path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def main(root: str, dependencies: str, ready_fd: int) -> None:
    end_with_gateway()
    key, master = os.environ.pop(KEY_VARIABLE), os.environ.pop(MASTER_VARIABLE)
    sys.path[:0] = [root, dependencies]
    logging.basicConfig(level=logging.INFO, format="%(levelname)s %(name)s %(message)s")
    settings = json.loads((Path(root) / "host.json").read_text("utf-8-sig"))
    prefix = settings.get("extensions", {}).get("http", {}).get("routePrefix", "api")
    import function_app  # type: ignore[import-not-found]

    app = App(app_of(function_app), prefix, key, master)
    schedules = app.schedules()
    http = _module_at(Path(__file__).parents[1] / "http_server.py")
    server = http.Server(("127.0.0.1", 0), http.handler_of(app.call))
    ready = {
        "port": server.server_address[1],
        "timers": schedules,
        "run_seconds": run_seconds(settings),
        "trigger": app.trigger(settings),
    }
    os.write(ready_fd, json.dumps(ready).encode() + b"\n")
    os.close(ready_fd)
    server.serve_forever()


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2], int(sys.argv[3]))
