"""Faults in the sandbox's Firestore, and stores that meet them."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable
from typing import Any

import grpc

from l3kit.clouds.gcp.data.firestore_stores import FirestorePlace, open_hot
from l3kit.sandbox.gcp.firestore import CallInfo, CallRefusedError
from l3kit.tiering.retry import RetryPolicy
from tests.conformance.firestore_backend import new_name

END = "\U0010ffff"
PROJECT = "conformance"


class Faults:
    """Hook that runs a test's callback and records the calls."""

    def __init__(self) -> None:
        self.calls: list[CallInfo] = []
        self.on_before: Callable[[CallInfo], Awaitable[None] | None] = lambda call: None
        self.on_after: Callable[[CallInfo], None] = lambda call: None

    async def before(self, call: CallInfo) -> None:
        self.calls.append(call)
        waiting = self.on_before(call)
        if waiting is not None:
            await waiting

    async def after(self, call: CallInfo) -> None:
        self.on_after(call)


def item(sort_key: str, device: str = "d", **more: Any) -> bytes:
    return json.dumps({"iotDeviceId": device, "id": sort_key, **more}, ensure_ascii=False).encode()


def fail(method: str, code: grpc.StatusCode, times: int = 1, **more: Any) -> Callable[[CallInfo], None]:
    left = [times]

    def hook(call: CallInfo) -> None:
        if call.method == method and left[0]:
            left[0] -= 1
            raise CallRefusedError(code, "injected", **more)

    return hook


def quick(slept: list[float] | None = None) -> RetryPolicy:
    async def sleep(seconds: float) -> None:
        if slept is not None:
            slept.append(seconds)

    return RetryPolicy(longest=60.0, sleep=sleep, random=lambda: 1.0)


def use(
    address: str, steps: Callable[[Any], Awaitable[None]], name: str = "", retry: RetryPolicy | None = None
) -> None:
    async def run() -> None:
        place = FirestorePlace(PROJECT, endpoint=address, agent="l3kit/0.1 mover/one", retry=retry or quick())
        store = open_hot(name or new_name(), place)
        try:
            await steps(store)
        finally:
            await store.close()

    asyncio.run(run())
