"""Start the Lambda runtime client in a function's process: `python -S -s -P function_host.py RUNTIME_DIR HANDLER`.

It runs with nothing on its path but the standard library, the unpacked zip and the runtime client; so it may import
nothing of l3kit: the zip brings its own.
"""

from __future__ import annotations

import ctypes
import os
import signal
import sys


def main(runtime_dir: str, handler: str) -> None:
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(1, signal.SIGKILL)  # 1 = PR_SET_PDEATHSIG: no function outlives its gateway
        if os.getppid() == 1:
            sys.exit(1)
    sys.path[:0] = [os.environ["LAMBDA_TASK_ROOT"], runtime_dir]
    sys.argv = ["bootstrap", handler]
    from awslambdaric.__main__ import main as run_runtime_client

    run_runtime_client(sys.argv)


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2])
