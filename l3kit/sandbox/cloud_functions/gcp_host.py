"""Serves one Cloud Run function: `python -S -s -P gcp_host.py ROOT DEPENDENCIES READY_FD`.

The real functions-framework of the function's own requirements does the work; it may import nothing else but the
standard library.
"""

from __future__ import annotations

import ctypes
import json
import os
import signal
import socket
import sys
from pathlib import Path


def main(root: str, dependencies: str, ready_fd: int) -> None:
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(1, signal.SIGKILL)  # 1 = PR_SET_PDEATHSIG: no function outlives its gateway
        if os.getppid() == 1:
            sys.exit(1)
    sys.path[:0] = [root, dependencies]
    from functions_framework import create_app
    from functions_framework._http import create_server

    app = create_app(os.environ["FUNCTION_TARGET"], str(Path(root) / "main.py"), "http")
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    os.environ["PORT"] = str(port)
    os.write(ready_fd, json.dumps({"port": port}).encode() + b"\n")
    os.close(ready_fd)
    create_server(app, False).run("127.0.0.1", port)


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2], int(sys.argv[3]))
