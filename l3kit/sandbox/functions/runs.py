"""A function's run with its time limit, after which its process ends or the request alone is given up."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping

from l3kit.sandbox.functions.instance import Body, HttpAnswer, Instance


class TimedOutError(Exception):
    """The run exceeded its time limit."""


async def run(instance: Instance, method: str, target: str, headers: Mapping[str, str], body: Body) -> HttpAnswer:
    """Forward a request and wait for its end. Raises: TimedOutError; EndedError; TooLargeError."""
    platform = instance.platform
    try:
        async with asyncio.timeout(instance.run_seconds):
            return await instance.request(method, target, headers, body, most=platform.limits.answer_bytes)
    except TimeoutError:
        if platform.ends_overruns:
            instance.crash(f"its run took longer than {instance.run_seconds:.0f} s")
        raise TimedOutError(f"took longer than {instance.run_seconds:.0f} s") from None
