"""Clouds with dead letters for the operator's verbs: the chain of `tests.support.chain` behind the port `Cloud`."""

from __future__ import annotations

import asyncio
import base64
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from types import SimpleNamespace
from typing import Any

from l3kit.clouds.ports.undelivered import Undelivered
from l3kit.errors import CallError, L3Error, StoreError
from l3kit.session import Session
from l3kit.tiering.stream.ports import Delivery
from l3kit.twin.layout import Layout
from tests.support.chain import ChainWorld
from tests.support.dying import Fault, Process
from tests.support.moving import Dead


@dataclass
class LetterCloud:
    """One cloud of a chain, as an operator's process sees it: every call is under the fault.

    Attributes:
        sent: functions that were called, with the number of bytes.
    """

    world: ChainWorld
    provider: str
    process: Process = field(default_factory=lambda: Process(Fault()))
    sent: list[tuple[str, Any]] = field(default_factory=list)
    seed: int | None = None

    def object_store(self, twin: Any, tier: str) -> Any:
        assert tier == "letters"
        store = self.world.letter_stores[self.provider]
        return self.process.guarded(store if self.seed is None else store.delayed(self.seed), StoreError)

    def invoke(self, twin: Any, function: str, event: Mapping[str, Any] | bytes) -> Any:
        assert self.world.cloud_of(function) == self.provider
        with self.process.call(CallError):
            self.sent.append((function, event))
            return self.run(function, event)

    def run(self, function: str, event: Mapping[str, Any] | bytes) -> Any:
        try:
            if isinstance(event, bytes):
                return json.loads(asyncio.run(self.world.call(function, event)))
            delivery = Delivery(base64.b64decode(event["payload"]), event["device"])
            return asyncio.run(self.world.started(function).dispatch([delivery], lambda: 900.0)).to_json()
        except (Dead, L3Error) as error:
            raise L3Error(function, f"failed: {error!r}", f"See the log of {function}") from None

    def undelivered(self, key: str, body: bytes) -> Undelivered | None:
        """A source's records: one JSON object with the device, and payloads in base64."""
        if not key.startswith("source/"):
            return None
        told = json.loads(body)
        events = tuple({"payload": one, "device": told["device"]} for one in told["payloads"])
        return Undelivered("was not taken", events, told["device"], unread=told.get("unread", ""))


def session_of(*clouds: LetterCloud) -> Session:
    """A session that reaches these clouds alone."""
    return Session("sandbox", {cloud.provider: cloud for cloud in clouds})  # type: ignore[misc]


def twin_of(world: ChainWorld) -> Any:
    """What the verbs use of a twin."""
    layout = Layout(world.hot_cloud, world.hot_cloud, world.hot_cloud, l1=world.l1, l2=world.l2)
    return SimpleNamespace(name="twin", layout=layout)


def put(store: Any, key: str, body: bytes) -> None:
    """Put an object among the letters that the chain did not write."""
    asyncio.run(store.create(key, body, sha256="0" * 64))
