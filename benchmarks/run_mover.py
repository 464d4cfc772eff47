"""The measured process: runs one mover once, as Lambda would, and prints its response and peak memory.

`python -m benchmarks.run_mover naive|threads|unsafe|l3kit|bare`, with the function's environment (see bench.py).
"""

from __future__ import annotations

import json
import re
import resource
import sys
import time
from pathlib import Path


class Context:
    """The part of Lambda's context that the handlers use."""

    function_name = "benchmark-hot-to-cold-mover"
    aws_request_id = "00000000-0000-0000-0000-000000000001"
    invoked_function_arn = f"arn:aws:lambda:eu-central-1:123456789012:function:{function_name}"
    memory_limit_in_mb = "256"

    def __init__(self, seconds: float = 900) -> None:
        self._end = time.monotonic() + seconds

    def get_remaining_time_in_millis(self) -> int:
        return int(max(0.0, self._end - time.monotonic()) * 1000)


def peak_kb() -> int:
    """Peak resident memory of this process; VmHWM if available, since ru_maxrss may include the parent's."""
    status = Path("/proc/self/status")
    if status.exists() and (match := re.search(r"VmHWM:\s+(\d+) kB", status.read_text())):
        return int(match[1])
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak // 1024 if sys.platform == "darwin" else peak


def main(mover: str, now: str) -> None:
    answer: object = None
    if mover == "naive":
        from benchmarks.naive import lambda_handler

        lambda_handler({"time": now}, Context())
    elif mover == "threads":
        from benchmarks.naive_threads import lambda_handler as threaded

        threaded({"time": now}, Context())
    elif mover == "unsafe":
        from benchmarks.unsafe_mover import move

        move(now)
    elif mover == "l3kit":
        from benchmarks.l3kit_mover import load

        answer = load()({"time": now}, Context())
    print(json.dumps({"answer": answer, "peak_kb": peak_kb()}, default=str))


if __name__ == "__main__":
    main(*sys.argv[1:])
