"""Publishing to a sandbox: what goes out, what is told of it, and what is refused before anything is sent."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from l3kit.errors import CheckFailedError, ConfigurationError
from l3kit.operate.simulate.publication import Message, Publication, publish
from l3kit.operate.simulate.publisher import Published
from l3kit.operate.simulate.readings import DeviceMessage
from l3kit.session import Session
from l3kit.twin.config import Twin
from tests.support.twins import twin_on

EXACT = '{"deviceId": "pump-1", "v": 1.100000000000000000001}'
SENT: list[Message] = [("pump-1", EXACT), ("stranger", b"\xff"), ("pump-1", EXACT)]


@dataclass
class Broker:
    """Takes messages. `lost`: how many it does not acknowledge; `under_way`: how many stay so."""

    lost: int = 0
    under_way: int = 0
    sent: list[tuple[str, DeviceMessage]] = field(default_factory=list)
    waited: list[float] = field(default_factory=list)

    def publish(self, twin_name: str, messages: Iterable[DeviceMessage], report: Callable[[Published], None]) -> int:
        for message in messages:
            self.sent.append((twin_name, message))
            report(Published(len(self.sent), 0))
        return len(self.sent) - self.lost

    def wait(self, seconds: float) -> int:
        self.waited.append(seconds)
        return self.under_way


@dataclass
class Cloud:
    """The cloud of layer 1, with the dispatcher deployed or not."""

    deployed: bool = True

    def function_variables(self, twin: Twin, function: str) -> dict[str, str] | None:
        return {} if self.deployed and function == "dispatcher" else None


@pytest.fixture
def twin(tmp_path: Path) -> Twin:
    return twin_on(tmp_path, "aws", "aws", "aws", chain=("gcp", "aws"))


def session(*, deployed: bool = True, target: Any = "sandbox") -> Session:
    return Session(target, {"gcp": Cloud(deployed)})  # type: ignore[dict-item]


def published(twin: Twin, broker: Broker, **more: Any) -> Publication:
    return publish(session(), twin, SENT, broker=lambda endpoint: broker, **more)


def test_messages_go_out_in_order_to_the_byte_and_are_waited_for(twin: Twin) -> None:
    broker, counts = Broker(), list[int]()
    done = published(twin, broker, wait_seconds=7, progress=counts.append)
    assert broker.sent == [
        ("plant", DeviceMessage("pump-1", EXACT.encode())),
        ("plant", DeviceMessage("stranger", b"\xff")),
        ("plant", DeviceMessage("pump-1", EXACT.encode())),
    ]
    assert (broker.waited, counts) == ([7], [1, 1, 1])
    assert done.summary() == "3 messages of 2 devices published and delivered"
    assert done.delivered
    assert done.to_frame().to_numpy().tolist() == [["pump-1", 2], ["stranger", 1]]
    assert json.loads(json.dumps(done.to_json()))["messages"] == {"pump-1": 2, "stranger": 1}
    assert "stranger" in str(done)
    done.raise_if_failed()


@pytest.mark.parametrize(
    ("broker", "summary"),
    [
        (Broker(lost=1), "3 messages of 2 devices published, 1 of them not acknowledged"),
        (Broker(under_way=2), "3 messages of 2 devices published, 2 still under way"),
    ],
    ids=["not acknowledged", "under way"],
)
def test_what_may_not_have_arrived_is_told_and_is_a_failure(twin: Twin, broker: Broker, summary: str) -> None:
    done = published(twin, broker)
    assert done.summary() == summary
    assert not done.delivered
    with pytest.raises(CheckFailedError, match=summary):
        done.raise_if_failed()


def test_without_a_wait_nothing_is_claimed_of_the_delivery(twin: Twin) -> None:
    broker = Broker(under_way=3)
    done = published(twin, broker, wait_seconds=0)
    assert broker.waited == []
    assert (done.delivered, done.under_way) == (False, None)
    assert done.summary() == "3 messages of 2 devices published, acknowledged by the broker"
    done.raise_if_failed()


def test_nothing_to_publish_needs_no_broker(twin: Twin) -> None:
    broker = Broker()
    assert publish(session(), twin, [], broker=lambda endpoint: broker).published == 0
    assert broker.sent == []


def refusal(given: Session, twin: Twin, messages: list[Message]) -> str:
    broker = Broker()
    with pytest.raises(ConfigurationError) as caught:
        publish(given, twin, messages, broker=lambda endpoint: broker)
    assert broker.sent == []
    return str(caught.value)


def test_messages_that_no_function_would_take_are_refused_with_the_remedy(twin: Twin, tmp_path: Path) -> None:
    assert "are published in the sandbox alone" in refusal(session(target="live"), twin, SENT)
    told = refusal(session(deployed=False), twin, SENT)
    assert "its dispatcher is not deployed on Google Cloud. Deploy the twin" in told
    (tmp_path / "other").mkdir()
    without = twin_on(tmp_path / "other", "aws", "aws", "aws")
    assert "has no message chain. Set message_chain in its config.json to true" in refusal(session(), without, SENT)


@pytest.mark.parametrize(
    ("device", "body", "told"),
    [("", "{}", "'' is not a device id"), ("pump-1", "\ud800", "message of pump-1: has half of a surrogate pair")],
)
def test_what_cannot_be_sent_is_refused_before_anything_else_is(twin: Twin, device: str, body: str, told: str) -> None:
    assert told in refusal(session(), twin, [*SENT, (device, body)])
