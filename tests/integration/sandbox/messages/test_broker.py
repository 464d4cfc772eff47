"""The broker as a part of the sandbox: started when it is needed, named, and ended by nothing that a client sends."""

from __future__ import annotations

import json
import random
import socket

import pytest

from l3kit import sandbox as l3kit_sandbox
from l3kit.cli import main
from l3kit.sandbox import SandboxState
from tests.integration.sandbox.messages.device import Device, connected
from tests.support.waiting import wait_until

pytestmark = pytest.mark.sandbox
CONNECT = b"\x10\x13\x00\x04MQTT\x04\x02\x00\x3c\x00\x07foreign"
"""CONNECT of MQTT 3.1.1 with a clean session, as the specification has it, by no library."""
PUBLISH = b"\x32\x0d\x00\x06fo/reign\x00\x01x"
SECRET = b"secret-7d4f"
BROKEN = {
    "nothing": b"",
    "http": b"GET / HTTP/1.1\r\nAuthorization: Bearer " + SECRET + b"\r\n\r\n",
    "half a header": b"\x10",
    "endless length": b"\x10\xff\xff\xff\xff\xff",
    "a length of 256 MB": b"\x10\xff\xff\xff\x7f" + SECRET,
    "unknown protocol": b"\x10\x0c\x00\x04" + b"QTTM" + b"\x04\x02\x00\x3c\x00\x00",
    "mqtt 5": b"\x10\x0d\x00\x04MQTT\x05\x02\x00\x3c\x00\x00\x00",
    "reserved type": CONNECT + b"\x00\x00",
    "second connect": CONNECT + CONNECT,
    "wildcard in a topic": CONNECT + b"\x30\x06\x00\x03a/#x",
    "topic of zero bytes": CONNECT + b"\x30\x02\x00\x00",
    "topic that is no utf-8": CONNECT + b"\x30\x05\x00\x02\xff\xfex",
    "qos 3": CONNECT + b"\x36\x07\x00\x01a\x00\x01xx",
    "qos 2": CONNECT + b"\x34\x06\x00\x01a\x00\x01x",
    "reserved topic": CONNECT + b"\x30\x08\x00\x05$SYS/" + SECRET[:1],
    "a publish of 12 MB": CONNECT + b"\x30\x80\x80\xe0\x05\x00\x01a" + SECRET,
    "subscribe to nothing": CONNECT + b"\x82\x02\x00\x01",
    "100 levels and more": CONNECT + b"\x30\xcb\x01\x00\xc9" + b"/" * 201,
    "cut in a publish": CONNECT + PUBLISH[:-1],
}


def send(broker: tuple[str, int], data: bytes, expected: int = 0) -> bytes:
    """Send to the broker, and read so many bytes; without a number until it is silent or closes the connection."""
    with socket.create_connection(broker, timeout=5) as connection:
        answer = b""
        try:
            connection.sendall(data)
            connection.settimeout(20 if expected else 0.3)
            while part := connection.recv(4096):
                answer += part
                if expected and len(answer) >= expected:
                    break
        except OSError:
            pass
        return answer


def test_it_is_a_part_of_the_sandbox_with_its_address(sandbox: SandboxState, broker: tuple[str, int]) -> None:
    state = l3kit_sandbox.status(sandbox.home)
    assert state is not None
    assert state.endpoints["mqtt"] == f"{broker[0]}:{broker[1]}"
    assert "mqtt" in [process.name for process in state.processes]


@pytest.mark.slow
def test_sandbox_up_starts_it_when_asked_to(
    sandbox: SandboxState, broker: tuple[str, int], capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["sandbox", "up", "--home", str(sandbox.home), "--mqtt", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["endpoints"]["mqtt"] == f"{broker[0]}:{broker[1]}"


def test_a_client_without_a_library_is_answered_by_the_book(broker: tuple[str, int]) -> None:
    publish = b"\x32\x0d" + b"\x00\x08fo/reign" + b"\x00\x01" + b"x"
    assert send(broker, CONNECT + publish, expected=8) == b"\x20\x02\x00\x00" + b"\x40\x02\x00\x01"


def test_messages_go_from_device_to_device(broker: tuple[str, int], device: Device, twin: str) -> None:
    device.subscribe(f"{twin}/+/feedback")
    with connected(broker) as other:
        other.publish(f"{twin}/d/feedback", b"\0", qos=0)
    assert device.received.get(timeout=30) == (f"{twin}/d/feedback", b"\0")


def test_no_broken_input_ends_it_or_is_quoted_in_a_log(sandbox: SandboxState, broker: tuple[str, int]) -> None:
    for data in BROKEN.values():
        send(broker, data)
    with connected(broker) as device:
        device.publish("still/there/telemetry", b"1")
    assert l3kit_sandbox.status(sandbox.home) is not None
    for log in sandbox.home.joinpath("logs").rglob("*.log"):
        assert SECRET not in log.read_bytes(), log


@pytest.mark.slow
def test_no_random_input_ends_it(sandbox: SandboxState, broker: tuple[str, int]) -> None:
    draw = random.Random(15)
    for _ in range(300):
        data = bytearray(draw.choice([b"", CONNECT, CONNECT + PUBLISH]) + draw.randbytes(draw.randrange(60)))
        for _ in range(draw.randrange(4)):
            if data:
                data[draw.randrange(len(data))] = draw.randrange(256)
        with socket.create_connection(broker, timeout=5) as connection:
            connection.sendall(data)
    with connected(broker) as device:
        device.publish("still/there/telemetry", b"1")
    assert l3kit_sandbox.status(sandbox.home) is not None


@pytest.mark.slow
def test_a_broker_that_dies_ends_the_sandbox_which_tells_of_it(tmp_path_factory: pytest.TempPathFactory) -> None:
    import psutil

    from l3kit.sandbox.listing import not_up
    from l3kit.sandbox.messages.client import start_broker

    home = tmp_path_factory.mktemp("dying")
    state = l3kit_sandbox.up(home)
    start_broker(state.gateway)
    running = l3kit_sandbox.status(home)
    assert running is not None
    (pid,) = [process.pid for process in running.processes if process.name == "mqtt"]
    psutil.Process(pid).kill()
    assert wait_until(lambda: "mqtt ended by itself" in not_up(home).cause, 30)
    assert l3kit_sandbox.status(home) is None
