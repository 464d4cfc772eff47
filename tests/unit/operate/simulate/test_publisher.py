"""The publisher against a broker that does as it is told: what was not acknowledged is never told as arrived."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pytest

from l3kit.operate.simulate.publisher import BrokerError, Published, Publisher
from l3kit.operate.simulate.readings import DeviceMessage

ACCEPTED, NOT_AUTHORIZED = b"\x20\x02\x00\x00", b"\x20\x02\x00\x05"
PUBLISH, DISCONNECT = 3, 14
MESSAGES = [DeviceMessage("pump-1", b"%d" % number) for number in range(5)]


class Broker:
    """Speaks as much MQTT 3.1.1 as a publisher needs: acknowledges `acknowledges` messages, then closes."""

    def __init__(self, greeting: bytes, acknowledges: int) -> None:
        self._server = socket.create_server(("127.0.0.1", 0))
        self.address: tuple[str, int] = self._server.getsockname()[:2]
        self._greeting, self._left = greeting, acknowledges
        self.topics: list[str] = []
        self._thread = threading.Thread(target=self._serve, daemon=True)
        self._thread.start()

    def _serve(self) -> None:
        client, _ = self._server.accept()
        with client, client.makefile("rb") as stream:
            self._packet(stream.read)
            client.sendall(self._greeting)
            while (got := self._packet(stream.read)) is not None and got[0] != DISCONNECT:
                kind, body = got
                if kind != PUBLISH:
                    continue
                length = int.from_bytes(body[:2], "big")
                self.topics.append(body[2 : 2 + length].decode())
                if self._left == 0:
                    client.shutdown(socket.SHUT_WR)
                    while stream.read(1024):  # what was under way; a close without it would reset the connection
                        pass
                    return
                self._left -= 1
                client.sendall(b"\x40\x02" + body[2 + length : 4 + length])

    @staticmethod
    def _packet(read: Callable[[int], bytes]) -> tuple[int, bytes] | None:
        head = read(2)
        return (head[0] >> 4, read(head[1])) if len(head) == 2 else None

    def close(self) -> None:
        self._server.close()
        self._thread.join(5)


@contextmanager
def broker(greeting: bytes = ACCEPTED, acknowledges: int = 100) -> Iterator[Broker]:
    one = Broker(greeting, acknowledges)
    try:
        yield one
    finally:
        one.close()


def published(address: tuple[str, int]) -> tuple[Published, list[Published]]:
    told: list[Published] = []
    return Publisher(address).run("plant", MESSAGES, 0, told.append), told


def test_all_messages_are_acknowledged_in_their_order_before_it_ends() -> None:
    with broker() as one:
        done, told = published(one.address)
    assert done == Published(5, 5)
    assert [step.published for step in told] == [1, 2, 3, 4, 5]
    assert len(one.topics) == 5
    assert all("pump-1" in topic and "plant" in topic for topic in one.topics)


def test_a_broker_that_closes_is_told_with_what_it_acknowledged_before() -> None:
    with broker(acknowledges=2) as one, pytest.raises(BrokerError, match=r"closed the connection after 2 of \d"):
        published(one.address)


def test_a_broker_that_refuses_is_named_with_its_reason() -> None:
    with broker(NOT_AUTHORIZED) as one, pytest.raises(BrokerError, match=r"refused the connection \(Not authorized\)"):
        published(one.address)


def test_a_broker_that_is_not_there_is_named() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        address = server.getsockname()
    with pytest.raises(BrokerError, match=rf"{address[1]}: cannot be reached .*that the broker runs"):
        published(address)


def test_messages_go_out_at_the_rate_asked_for() -> None:
    now = [0.0]
    moments: list[float] = []

    def sleep(seconds: float) -> None:
        now[0] += seconds
        time.sleep(0.001)  # for the thread of the connection

    with broker() as one:
        publisher = Publisher(one.address, clock=lambda: now[0], sleep=sleep)
        publisher.run("plant", MESSAGES, 0.5, lambda done: moments.append(now[0]))
    assert moments == [0, 2, 4, 6, 8]
