"""Watchdog that ends a child process together with the gateway that started it."""

from __future__ import annotations

import ctypes
import os
import signal
import sys
import threading


def end_with_parent() -> None:
    """End this process when its parent ends: by the kernel's parent-death signal on Linux, and when stdin closes.

    The parent must keep the other end of this process's stdin open while it runs.
    """
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(1, signal.SIGKILL)  # 1 = PR_SET_PDEATHSIG
    threading.Thread(target=_exit_when_stdin_closes, daemon=True).start()


def _exit_when_stdin_closes() -> None:
    while os.read(0, 4096):
        pass
    os._exit(0)
