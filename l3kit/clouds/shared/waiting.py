"""Polling with a time limit until a cloud is ready."""

from __future__ import annotations

import time
from collections.abc import Callable

from l3kit.errors import ProvisioningError

FIRST_WAIT = 0.2
LONGEST_WAIT = 5.0
ANSWER_LIMIT = 90.0
"""Maximum seconds until a function's new address responds; Lambda's permissions take 10 to 20 (its documentation)."""


def wait_until(
    ready: Callable[[], bool],
    what: str,
    limit: float,
    *,
    longest: float = LONGEST_WAIT,
    sleep: Callable[[float], None] = time.sleep,
    clock: Callable[[], float] = time.monotonic,
) -> None:
    """Poll until ready, with increasing waits.

    Args:
        what: named in the error, e.g. `table x is active`.
        limit: seconds.
        longest: wait between two looks, in seconds.
    Raises: ProvisioningError when the limit is up.
    """
    end = clock() + limit
    wait = FIRST_WAIT
    while not ready():
        if clock() + wait > end:
            raise ProvisioningError(what, f"did not happen within {limit:g} s", "Apply again; it continues from here")
        sleep(wait)
        wait = min(longest, wait * 1.6)
