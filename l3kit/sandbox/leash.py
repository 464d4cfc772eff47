"""Keeps a child process from outliving the gateway that started it."""

from __future__ import annotations

import ctypes
import os
import signal
import sys
import threading


def end_with_parent() -> None:
    """End this process when its parent is gone: the kernel's death signal on Linux, the closing of stdin elsewhere too.

    The parent must hold the other end of this process's stdin open for as long as it lives.
    """
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(1, signal.SIGKILL)  # 1 = PR_SET_PDEATHSIG
    threading.Thread(target=_wait_for_end_of_stdin, daemon=True).start()


def _wait_for_end_of_stdin() -> None:
    while os.read(0, 4096):
        pass
    os._exit(0)
