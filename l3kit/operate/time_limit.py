"""Time limits for blocking calls that have none."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import TypeVar

from l3kit.errors import L3Error

T = TypeVar("T")


def within(seconds: float, name: str, call: Callable[[], T]) -> T:
    """Call, and wait at most this long for the result; a longer call continues, and its result is dropped.

    Args:
        name: name of the call, for the error.
    Raises: L3Error after the time; any error of the call.
    """
    results: list[T] = []
    errors: list[BaseException] = []

    def work() -> None:
        try:
            results.append(call())
        except BaseException as error:
            errors.append(error)

    thread = threading.Thread(target=work, name=f"l3kit-{name}", daemon=True)
    thread.start()
    thread.join(seconds)
    if errors:
        raise errors[0]
    if not results:
        raise L3Error(name, f"did not answer within {seconds:g} s", f"See the log of {name}")
    return results[0]
