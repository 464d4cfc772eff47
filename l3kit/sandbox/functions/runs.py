"""A function's run with its time limit: Azure kills the process, Cloud Run gives up on the request."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping

from l3kit.sandbox.functions.instance import Body, HttpAnswer, Instance
from l3kit.sandbox.functions.limits import ANSWER_BYTES


class TimedOutError(Exception):
    """The run exceeded its time limit."""


async def run(instance: Instance, method: str, target: str, headers: Mapping[str, str], body: Body) -> HttpAnswer:
    """Forward a request and wait for its end. Raises: TimedOutError; EndedError; TooLargeError."""
    cloud = instance.record.cloud
    try:
        async with asyncio.timeout(instance.run_seconds):
            return await instance.request(method, target, headers, body, most=ANSWER_BYTES.get(cloud))
    except TimeoutError:
        if cloud == "azure":
            instance.crash(f"its run took longer than {instance.run_seconds:.0f} s")
        raise TimedOutError(f"took longer than {instance.run_seconds:.0f} s") from None
