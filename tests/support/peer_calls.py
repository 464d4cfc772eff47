"""What tests of calls between functions share."""

from __future__ import annotations

from l3kit.tiering.retry import RetryPolicy


async def _no_wait(seconds: float) -> None:
    return None


def at_once(tries: int = 3) -> RetryPolicy:
    """A retry policy that does not wait."""
    return RetryPolicy(tries=tries, sleep=_no_wait)
