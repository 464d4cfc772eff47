from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest

from l3kit.sandbox.messages.broker import Broker
from l3kit.sandbox.messages.message import Message, RefusedMessageError
from l3kit.sandbox.messages.sources import MessageSources, read_messages
from l3kit.sandbox.state import Home


class Recorded:
    """A source that takes up to 3 bytes."""

    pending = 0

    def __init__(self) -> None:
        self.accepted: list[bytes] = []

    def check(self, message: Message) -> None:
        if len(message.payload) > 3:
            raise RefusedMessageError("it", len(message.payload), 3)

    def accept(self, message: Message) -> None:
        self.accepted.append(message.payload)

    async def close(self) -> None: ...


@pytest.mark.parametrize(
    "body", [b"x", b"{}x", b"1", b"[1]", b'[{"topic": "t", "client": "c"}]', b'[{"payload": "*"}]']
)
def test_what_the_broker_would_not_post_is_refused(body: bytes) -> None:
    with pytest.raises(ValueError, match=r"."):
        read_messages(body, datetime(2026, 1, 1, tzinfo=UTC))


def test_a_message_goes_to_every_source_or_to_none(tmp_path: Path) -> None:
    first, second = Recorded(), Recorded()
    second.check = lambda message: None  # type: ignore[method-assign]
    broker = Broker(Home(tmp_path), "http://127.0.0.1:1", lambda emulator: None)
    sources = MessageSources(broker, lambda text: None)
    sources.add("azure", second)
    sources.add("aws", first)
    now = datetime(2026, 1, 1, tzinfo=UTC)
    sources.take(Message("t", b"123", "c", now))
    with pytest.raises(RefusedMessageError, match="it has 4 bytes, and it takes 3"):
        sources.take(Message("t", b"1234", "c", now))
    assert first.accepted == second.accepted == [b"123"]
