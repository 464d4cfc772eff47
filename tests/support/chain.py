"""A twin's message chain on clouds in memory, every function with settings as deployed, and faults at any call."""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import json
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from functools import cache, cached_property
from types import SimpleNamespace
from typing import Any
from urllib.parse import urlsplit

import requests

from l3kit.errors import CallError, L3Error, StoreError
from l3kit.providers import names as provider_names
from l3kit.providers import provider
from l3kit.tiering.format.equal_items import equal_content
from l3kit.tiering.format.exact_numbers import exact_loads
from l3kit.tiering.format.messages import MessageRefusedError, MessageRules, Telemetry, normalise
from l3kit.tiering.link_auth import AUTH_VARIABLE
from l3kit.tiering.runtime.chain import Chain
from l3kit.tiering.runtime.openers import Openers
from l3kit.tiering.runtime.senders import Senders
from l3kit.tiering.settings.function_table import FUNCTIONS, peers_of, variables_for
from l3kit.tiering.settings.loading import Settings, load_settings
from l3kit.tiering.settings.twin_info import TwinInfo, sends_feedback
from l3kit.tiering.stream.events import Match, events_of, matches
from l3kit.tiering.stream.letters import DeadLetter, problem_of
from l3kit.tiering.stream.ports import Delivery
from l3kit.tiering.tokens import Secret
from l3kit.tiering.transfer.wire import Request
from tests.support.dying import Fault, Process
from tests.support.memory_stores import MemoryHotStore, MemoryObjectStore
from tests.support.moving import Dead
from tests.support.wire_server import TOKEN

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
DEVICES = ("sensor-1", "sensor-2")
CLOUDS = provider_names()
COMBINATIONS = [(CLOUDS[l1], CLOUDS[l2], CLOUDS[-(l1 + l2) % 3]) for l1, l2 in itertools.product(range(3), repeat=2)]
"""Layers 1 and 2 and the hot tier: every pair of clouds for each two of them."""


def info_of(
    l1: str,
    l2: str,
    hot: str,
    events: Sequence[Mapping[str, Any]] = (),
    devices: Sequence[str] = DEVICES,
    **config: Any,
) -> dict[str, Any]:
    """DIGITAL_TWIN_INFO of a twin with these clouds."""
    named = {"digital_twin_name": "twin", "hot_storage_size_in_days": 30, "cold_storage_size_in_days": 90}
    named |= {"archive_storage_size_in_days": 365}
    tiers = {f"layer_3_{tier}_provider": hot for tier in ("hot", "cold", "archive")}
    return {
        "config": {**named, "time_digits": 0, **config},
        "config_iot_devices": [{"id": device} for device in devices],
        "config_providers": {"layer_1_provider": l1, "layer_2_provider": l2, **tiers},
        "config_events": list(events),
    }


@cache
def _settings(function: str, cloud: str, info: str, apart: bool, peers: tuple[str, ...], signed: bool) -> Settings:
    """Settings as a deployed function has them."""
    variables = provider(cloud).variables
    values = {
        "DIGITAL_TWIN_INFO": info,
        "INTER_CLOUD_TOKEN": TOKEN,
        "REMOTE_INGESTION_URL": "https://ingestion.example/",
        "REMOTE_WRITER_URL": "https://writer.example/",
        "REMOTE_FEEDBACK_URL": "https://feedback-receiver.example/",
        "RECEIVER_LIMIT_BYTES": "",
        "RECEIVER_LIMIT_COUNTS": "",
        "FUNCTION_TIMEOUT_SECONDS": "600",
    }
    names = variables_for(function, cloud=variables, remote=apart, archive_here=False, peers=peers)
    env = {name: values.get(name, name.lower()) for name in names} | ({AUTH_VARIABLE: "signature"} if signed else {})
    return load_settings(function, env, cloud=variables)


@dataclass
class ChainWorld:
    """The clouds of a twin, its functions, and what its actions did.

    Attributes:
        fault: under which all functions run.
        called, replied: what actions were given.
        signed: links are authenticated by signatures, so `clock` must be the real time.
        failing: functions of actions, and devices, that fail.
        deaf: receivers that have another token than their senders.
    """

    l1: str = "aws"
    l2: str = "aws"
    hot_cloud: str = "aws"
    events: Sequence[Mapping[str, Any]] = ()
    config: Mapping[str, Any] = field(default_factory=dict)
    fault: Fault = field(default_factory=Fault)
    hot: Any = field(default_factory=MemoryHotStore)
    letter_stores: dict[str, Any] = field(default_factory=dict)
    called: list[tuple[str, bytes]] = field(default_factory=list)
    replied: list[tuple[str, bytes]] = field(default_factory=list)
    failing: set[str] = field(default_factory=set)
    deaf: set[str] = field(default_factory=set)
    signed: bool = False
    requests: list[Mapping[str, str]] = field(default_factory=list)
    clock: datetime = NOW
    devices: Sequence[str] = DEVICES

    def __post_init__(self) -> None:
        for cloud in (self.l1, self.l2, self.hot_cloud):
            self.letter_stores.setdefault(cloud, MemoryObjectStore("letters", f"{cloud}-letters"))

    @property
    def info(self) -> dict[str, Any]:
        return info_of(self.l1, self.l2, self.hot_cloud, self.events, self.devices, **self.config)

    @cached_property
    def rules(self) -> MessageRules:
        return MessageRules.of(self.twin)

    @cached_property
    def twin(self) -> TwinInfo:
        return TwinInfo.parse(json.dumps(self.info))

    # --- the functions ------------------------------------------------------------------------------------------

    def settings(self, function: str) -> Settings:
        l1_apart = self.l1 != self.l2
        sends = {
            "connector": l1_apart,
            "persister": self.l2 != self.hot_cloud,
            "event-checker": l1_apart and sends_feedback(self.twin),
        }
        peers, sent = peers_of(function, l1_apart=l1_apart, events=bool(self.events)), sends.get(function, False)
        settings = _settings(function, self.cloud_of(function), json.dumps(self.info), sent, peers, self.signed)
        return replace(settings, token=Secret("another token")) if function in self.deaf else settings

    def cloud_of(self, function: str) -> str:
        return {"l1": self.l1, "l2": self.l2, "hot": self.hot_cloud}[FUNCTIONS[function].tier]

    def started(self, function: str) -> Chain:
        """A function in a process of its own."""
        process = Process(self.fault)
        cloud = self.cloud_of(function)
        letters = process.guarded(self.letter_stores[cloud], StoreError)
        openers = Openers(
            lambda _: process.guarded(self.hot, StoreError),
            _none,
            lambda *_: letters,
            lambda _: process.guarded(_Peers(self), CallError),
            lambda _: process.guarded(_Feedback(self), CallError),
        )
        settings = self.settings(function)
        senders = None
        if settings.remote_url:
            session: Any = _Session(self, process)
            senders = Senders(settings, session=session, pause=lambda seconds: None)
        return Chain(settings, openers, lambda: self.clock, senders)

    async def call(self, function: str, event: bytes) -> bytes:
        return await self.started(function).step(event, lambda: 900.0)

    # --- as seen from outside ------------------------------------------------------------------------------------

    def deliver(self, *messages: bytes) -> Any:
        """Deliver messages once; the answer, or the error that makes the source deliver again."""
        deliveries = [Delivery(message, received=NOW) for message in messages]
        return asyncio.run(self.started("dispatcher").dispatch(deliveries, lambda: 900.0))

    def deliver_until_taken(self, *messages: bytes) -> None:
        """Deliver as a source does: again until the dispatcher answers."""
        for _ in range(3):
            with contextlib.suppress(Dead, L3Error):
                self.deliver(*messages)
                return
        raise AssertionError("the messages were never taken")

    def step(self, function: str, event: Any) -> Any:
        body = event if isinstance(event, bytes) else json.dumps(event).encode()
        return json.loads(asyncio.run(self.call(function, body)))

    def letters(self) -> list[DeadLetter]:
        """All letters of all clouds."""
        return [
            DeadLetter.from_json(key, body)
            for store in self.letter_stores.values()
            for key, (_, body) in sorted(store.objects.items())
            if problem_of(key)
        ]

    def stored(self) -> dict[tuple[str, str], bytes]:
        return {(device, key): item for device, items in self.hot.devices.items() for key, item in items.items()}

    def check_conserved(self, messages: Sequence[bytes]) -> None:
        """Each message is in the hot tier, or in the letters with its reason, and nothing else is anywhere."""
        lost, surplus = self.amiss(messages)
        assert not lost, f"lost: {lost[:3]}"
        assert not surplus, f"doubled or altered: {surplus[:3]}"

    def amiss(self, messages: Sequence[bytes]) -> tuple[list[Any], list[Any]]:
        """What is lost of these messages and of the actions that they call for, and what is there that should not be:
        altered, doubled, or never sent."""
        items, bad = self._as_they_should_be(messages)
        versions = [item.json for item in items]
        latest = {(item.device_id, item.id): item.json for item in items}
        stored = self.stored()
        letters = Counter((letter.problem, letter.message) for letter in self.letters())
        superseded = [message for problem, message in letters if problem == "superseded"]
        told = [message for problem, message in letters if problem == "action-failed"]
        others = {letter for letter in letters if letter[0] not in ("superseded", "action-failed")}
        kept = [*stored.values(), *superseded]
        lost: list[Any] = [one for one in versions if not any(equal_content(one, other) for other in kept)]
        lost += [key for key in latest if key not in stored]
        lost += [*bad - others, *self._actions_not_run(versions, told)]
        surplus: list[Any] = [key for key in stored if key not in latest]
        surplus += [key for key, one in latest.items() if key in stored and not equal_content(stored[key], one)]
        surplus += [one for one in superseded if not any(equal_content(one, version) for version in versions)]
        surplus += [*others - bad, *set(told) - set(versions)]
        surplus += [letter for letter, times in letters.items() if times > 1]
        return lost, surplus

    def _as_they_should_be(self, messages: Sequence[bytes]) -> tuple[list[Telemetry], set[tuple[str, bytes]]]:
        """The items of these messages in their order, and the letters of the others: problem and message."""
        items, bad = [], set()
        for message in messages:
            try:
                items.append(normalise(message, self.rules, self.clock))
            except MessageRefusedError as error:
                bad.add((str(error.problem), message))
        return items, bad

    def _actions_not_run(self, versions: Sequence[bytes], told: Sequence[bytes]) -> list[bytes]:
        """Versions with an action that was neither carried out nor told as a dead letter."""
        return [
            version
            for version in versions
            for match in matches(events_of(self.twin), exact_loads(version))
            if not (version in told or self._carried_out(match, version))
        ]

    def _carried_out(self, match: Match, version: bytes) -> bool:
        """Whether each of the event's actions has been carried out for this version."""
        call, reply = match.event.call, match.event.reply
        called = call is None or json.loads(version) in [json.loads(payload)["event"] for _, payload in self.called]
        return called and (reply is None or match.reply_payload() in self.replied)


@dataclass
class _Peers:
    """The functions of one cloud; one that dies or fails is an error for its caller."""

    world: ChainWorld

    async def call(self, function: str, event: bytes) -> bytes:
        if function in self.world.failing:
            raise CallError(function, "failed")
        if function not in FUNCTIONS:
            self.world.called.append((function, event))
            return b"null"
        try:
            return await self.world.call(function, event)
        except (Dead, L3Error) as error:
            raise CallError(function, f"failed ({error!r})") from None

    async def close(self) -> None:
        return None


@dataclass
class _Feedback:
    world: ChainWorld

    async def send(self, device_id: str, payload: bytes) -> None:
        if device_id in self.world.failing:
            raise CallError(device_id, "is not connected", "Connect it")
        self.world.replied.append((device_id, payload))

    async def close(self) -> None:
        return None


@dataclass
class _Session:
    """Stands in for the connection between clouds: the receiver answers in this process."""

    world: ChainWorld
    process: Process

    @contextmanager
    def post(self, url: str, *, data: bytes, headers: Mapping[str, str], **more: Any) -> Iterator[Any]:
        self.world.requests.append(headers)
        function = urlsplit(url).netloc.partition(".")[0]
        try:
            with self.process.call(CallError):
                receiver = self.world.started(function).receiver()
                try:
                    response = asyncio.run(receiver.handle(Request(headers, data)))
                except Dead:
                    response = SimpleNamespace(status=502, body={}, headers={})
        except CallError:
            raise requests.exceptions.ConnectionError from None
        content = json.dumps(dict(response.body)).encode()
        yield SimpleNamespace(
            status_code=response.status, headers=dict(response.headers), iter_content=lambda size: iter([content])
        )


def _none(*args: Any) -> Any:
    raise AssertionError("no function of the chain opens this")


def reading(second: int, device: str = "sensor-1", **more: Any) -> bytes:
    """A device's message."""
    minute, left = divmod(second, 60)
    return json.dumps({"deviceId": device, "time": f"2026-03-01T10:{minute:02d}:{left:02d}Z", **more}).encode()


MIXED = (
    reading(1, v=1),
    b"not json",
    reading(2, v=1),
    reading(1, v=2),
    reading(2, v=1),
    reading(1, "sensor-2"),
    b'{"deviceId":"stranger","time":"2026-03-01T10:00:00Z"}',
)
"""Two versions of one reading, one reading twice, two bad messages."""
