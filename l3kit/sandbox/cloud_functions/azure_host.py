"""Serves one Azure function app: `python -S -s -P azure_host.py ROOT DEPENDENCIES READY_FD`.

It loads `function_app.py` with the real azure.functions of the app's own requirements, finds its routes and timers and
serves them on a free loopback port, told through READY_FD. It may import nothing but the standard library and what
the app brings.
"""

from __future__ import annotations

import asyncio
import ctypes
import hmac
import inspect
import json
import os
import re
import signal
import sys
import threading
import traceback
import uuid
from collections.abc import Callable, Mapping
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, unquote, urlsplit

KEY_VARIABLE, MASTER_VARIABLE = "L3KIT_SANDBOX_FUNCTION_KEY", "L3KIT_SANDBOX_MASTER_KEY"
_PERCENT = re.compile(r"%([A-Za-z0-9_]+)%")


def end_with_gateway() -> None:
    """No function outlives its gateway."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(1, signal.SIGKILL)  # 1 = PR_SET_PDEATHSIG
        if os.getppid() == 1:
            sys.exit(1)


class App:
    """The routes and timers of one function app."""

    def __init__(self, app: Any, prefix: str, key: str, master: str) -> None:
        import azure.functions as func

        self._func = func
        self._keys = {"FUNCTION": (key, master), "ADMIN": (master,)}
        self._master = master
        self._loop = asyncio.new_event_loop()
        threading.Thread(target=self._loop.run_forever, daemon=True).start()
        self.routes: list[tuple[re.Pattern[str], Any, Mapping[str, Any]]] = []
        self.timers: dict[str, tuple[Any, Mapping[str, Any]]] = {}
        for function in app.get_functions():
            trigger = function.get_trigger().get_dict_repr()
            kind = trigger["type"]
            if kind == "httpTrigger":
                route = trigger.get("route") or function.get_function_name()
                self.routes.append((_pattern(f"{prefix}/{route}".strip("/")), function, trigger))
            elif kind == "timerTrigger":
                self.timers[function.get_function_name()] = (function, trigger)
            else:
                raise RuntimeError(f"the sandbox serves HTTP and timer triggers, not {kind}")

    def schedules(self) -> dict[str, str]:
        """Each timer's NCRONTAB expression, settings filled in. Raises: RuntimeError where one is none."""
        found = {}
        for name, (_, trigger) in self.timers.items():
            expression = _PERCENT.sub(lambda match: os.environ.get(match[1], ""), trigger["schedule"])
            if len(expression.split()) != 6:
                raise RuntimeError(f"the timer {name} has no NCRONTAB expression of six fields: {expression!r}")
            found[name] = expression
        return found

    def call(self, method: str, target: str, headers: Mapping[str, str], body: bytes) -> tuple[int, list[Any], bytes]:
        """Answer one request."""
        parts = urlsplit(target)
        path = unquote(parts.path).strip("/")
        query = dict(parse_qsl(parts.query, keep_blank_values=True))
        given = next((value for name, value in headers.items() if name.lower() == "x-functions-key"), "")
        given = given or query.get("code", "")
        if path.startswith("admin/functions/"):
            return self._admin(path.removeprefix("admin/functions/"), given)
        for pattern, function, trigger in self.routes:
            found = pattern.fullmatch(path)
            methods = [_name(m) for m in trigger.get("methods") or ()]
            if found and (not methods or method in methods):
                keys = self._keys.get(_name(trigger["authLevel"]), ())
                if keys and not any(hmac.compare_digest(given.encode(), key.encode()) for key in keys):
                    return 401, [], b""
                return self._http(function, method, target, headers, query, found.groupdict(), body)
        return 404, [], b""

    def _http(
        self, function: Any, method: str, target: str, headers: Mapping[str, str], query: Any, route: Any, body: bytes
    ) -> tuple[int, list[Any], bytes]:
        request = self._func.HttpRequest(
            method=method, url=target, headers=headers, params=query, route_params=route, body=body
        )
        try:
            answer = self._run(function, request)
            if isinstance(answer, str):
                answer = self._func.HttpResponse(answer)
            return answer.status_code, _headers(answer), answer.get_body() or b""
        except Exception:
            traceback.print_exc()
            return 500, [], b""

    def _admin(self, name: str, given: str) -> tuple[int, list[Any], bytes]:
        """Run a timer by hand: at once, or with `/wait` behind the name until its end, which only the sandbox has."""
        if not hmac.compare_digest(given.encode(), self._master.encode()):
            return 401, [], b""
        wait, name = name.endswith("/wait"), name.removesuffix("/wait")
        if name not in self.timers:
            return 404, [], b""
        function, _ = self.timers[name]
        outcome: dict[str, Any] = {}

        def run() -> None:
            try:
                self._run(function, self._timer())
            except Exception as error:
                traceback.print_exc()
                outcome["error"] = f"{type(error).__name__}: {error}"

        thread = threading.Thread(target=run)
        thread.start()
        if not wait:
            return 202, [], b""
        thread.join()
        return (500 if outcome else 200), [("Content-Type", "application/json")], json.dumps(outcome).encode()

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


def _headers(answer: Any) -> list[Any]:
    """The answer's own headers; its media type where they name none, as Azure's worker does."""
    headers = list(answer.headers.items())
    if not any(name.lower() == "content-type" for name, _ in headers):
        charset = f"; charset={answer.charset}" if answer.mimetype.startswith("text/") else ""
        headers.append(("Content-Type", answer.mimetype + charset))
    return headers


def _pattern(route: str) -> re.Pattern[str]:
    """A route as Azure writes it: `{name}`, `{name:int}`, `{*rest}`; compared whatever the case."""
    parts = []
    for segment in re.split(r"(\{[^}]+\})", route):
        if segment.startswith("{*"):
            parts.append(f"(?P<{segment[2:-1]}>.*)")
        elif segment.startswith("{"):
            name, _, kind = segment[1:-1].partition(":")
            parts.append(f"(?P<{name.rstrip('?')}>{'[0-9]+' if kind == 'int' else '[^/]+'})")
        else:
            parts.append(re.escape(segment))
    return re.compile("".join(parts), re.IGNORECASE)


def _name(value: Any) -> str:
    return str(getattr(value, "name", value)).upper()


def handler_of(call: Callable[..., tuple[int, list[Any], bytes]]) -> type[BaseHTTPRequestHandler]:
    """The HTTP side; the gateway in front has read the body whole and sends its length."""

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        disable_nagle_algorithm = True
        wbufsize = -1

        def _serve(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            headers: dict[str, str] = {}
            for name, value in self.headers.items():
                headers[name] = f"{headers[name]},{value}" if name in headers else value
            status, answered, content = call(self.command, self.path, headers, body)
            self.send_response(status)
            for name, value in answered:
                if name.lower() != "content-length":
                    self.send_header(name, value)
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            if self.command != "HEAD":
                self.wfile.write(content)

        def log_message(self, format: str, *args: object) -> None:
            """The gateway's log has the requests."""

        do_GET = do_POST = do_PUT = do_DELETE = do_PATCH = do_HEAD = do_OPTIONS = do_TRACE = _serve

        def __getattr__(self, name: str) -> Any:
            if name.startswith("do_"):
                return self._serve
            raise AttributeError(name)

    return Handler


def main(root: str, dependencies: str, ready_fd: int) -> None:
    end_with_gateway()
    key, master = os.environ.pop(KEY_VARIABLE), os.environ.pop(MASTER_VARIABLE)
    sys.path[:0] = [root, dependencies]
    settings = json.loads((Path(root) / "host.json").read_text("utf-8"))
    prefix = settings.get("extensions", {}).get("http", {}).get("routePrefix", "api")
    import function_app  # type: ignore[import-not-found]

    app = App(function_app.app, prefix, key, master)
    schedules = app.schedules()
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler_of(app.call))
    server.daemon_threads = True
    ready = {"port": server.server_port, "timers": schedules}
    os.write(ready_fd, json.dumps(ready).encode() + b"\n")
    os.close(ready_fd)
    server.serve_forever()


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2], int(sys.argv[3]))
