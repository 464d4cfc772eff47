"""Serve one Cloud Run function: `python -S -s -P function_host.py ROOT DEPENDENCIES READY_FD`.

Runs the functions-framework from the function's own requirements with its production server. Apart from these, this
module may import only the standard library.
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
"""Longer than the gateway keeps idle connections, so that no connection closes just as it is reused."""
THREADS = 80
"""Cloud Run's default concurrency of one instance (Cloud Run, maximum concurrent requests).

A half-sent request occupies a thread; the framework's default of four per core would soon be exhausted.
"""
MAX_CONNECTIONS = 1_000
OWN_FILES = 100


def max_connections(threads: int, files: int) -> int:
    """Maximum connections of a worker, which would crash if it ran out of file descriptors.

    Args:
        threads: each may need a file descriptor in addition to its connection's.
        files: the process's limit of open files.
    """
    return max(threads + 1, min(MAX_CONNECTIONS, files - threads - OWN_FILES))


def end_with_parent() -> None:
    """End this process with its parent: the function with its gateway, a worker with its server."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(1, signal.SIGKILL)  # 1 = PR_SET_PDEATHSIG
        if os.getppid() == 1:
            sys.exit(1)


def keep_errors_quiet() -> None:
    """Reduce errors about malformed requests to their type: gunicorn quotes the request in its log and its answer."""
    from gunicorn.http import errors  # type: ignore[import-untyped,unused-ignore]

    for kind in vars(errors).values():
        if isinstance(kind, type) and issubclass(kind, Exception):
            kind.__str__ = lambda self: type(self).__name__  # type: ignore[method-assign]


def main(root: str, dependencies: str, ready_fd: int) -> None:
    end_with_parent()
    sys.path[:0] = [root, dependencies]
    # Listen first, so that the reported port is the served one and requests wait until a worker accepts them.
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
        "worker_connections": max_connections(threads, resource.getrlimit(resource.RLIMIT_NOFILE)[0]),
    }
    if "control_socket_disable" in make_settings():
        options["control_socket_disable"] = True
    app = create_app(os.environ["FUNCTION_TARGET"], str(Path(root) / "main.py"), "http")
    create_server(app, False, **options).run("127.0.0.1", port)


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2], int(sys.argv[3]))
