"""Serves one Cloud Run function: `python -S -s -P gcp_host.py ROOT DEPENDENCIES READY_FD`.

The real functions-framework of the function's own requirements does the work, on the server it has for production; it
may import nothing else but the standard library.
"""

from __future__ import annotations

import ctypes
import json
import os
import resource
import signal
import socket
import sys
from pathlib import Path
from typing import Any

KEEP_ALIVE_SECONDS = 120
"""Longer than the gateway keeps a connection, so that none closes at the moment it is used again."""
THREADS = 80
"""As many requests as Cloud Run gives one instance at once by default (Cloud Run, maximum concurrent requests).

Each that stays half sent holds one; the framework's own number, four for a core, is soon used up by them.
"""
MOST_CONNECTIONS = 1_000
OWN_FILES = 100


def most_connections(threads: int, files: int) -> int:
    """How many connections a worker may hold: it ends at the first that it has no file for.

    Args:
        threads: each may need a file beside its connection's.
        files: that a process may have open.
    """
    return max(threads + 1, min(MOST_CONNECTIONS, files - threads - OWN_FILES))


def end_with_parent() -> None:
    """No function outlives its gateway, and no worker its server."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(1, signal.SIGKILL)  # 1 = PR_SET_PDEATHSIG
        if os.getppid() == 1:
            sys.exit(1)


def keep_errors_quiet() -> None:
    """Let errors of a request's form tell their kind alone: gunicorn quotes the request in its log and its answer."""
    from gunicorn.http import errors  # type: ignore[import-untyped,unused-ignore]

    for kind in vars(errors).values():
        if isinstance(kind, type) and issubclass(kind, Exception):
            kind.__str__ = lambda self: type(self).__name__  # type: ignore[method-assign]


def main(root: str, dependencies: str, ready_fd: int) -> None:
    end_with_parent()
    sys.path[:0] = [root, dependencies]
    # Listening before anything else: the port told is the port served, and requests wait until a worker takes them.
    listener = socket.socket()
    listener.bind(("127.0.0.1", 0))
    listener.listen(2048)
    port = listener.getsockname()[1]
    os.environ["PORT"] = str(port)
    from functions_framework import create_app
    from functions_framework._http import create_server
    from gunicorn.config import make_settings  # type: ignore[import-untyped,unused-ignore]

    keep_errors_quiet()

    def ready(server: Any) -> None:
        os.write(ready_fd, json.dumps({"port": port}).encode() + b"\n")
        os.close(ready_fd)

    def forked(server: Any, worker: Any) -> None:
        end_with_parent()

    threads = int(os.environ.get("THREADS", THREADS))
    options: dict[str, Any] = {
        "bind": f"fd://{listener.fileno()}",
        "when_ready": ready,
        "post_fork": forked,
        "keepalive": KEEP_ALIVE_SECONDS,
        "threads": threads,
        "worker_connections": most_connections(threads, resource.getrlimit(resource.RLIMIT_NOFILE)[0]),
    }
    if "control_socket_disable" in make_settings():
        options["control_socket_disable"] = True
    app = create_app(os.environ["FUNCTION_TARGET"], str(Path(root) / "main.py"), "http")
    create_server(app, False, **options).run("127.0.0.1", port)


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2], int(sys.argv[3]))
