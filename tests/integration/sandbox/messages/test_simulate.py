"""`l3kit simulate` against the sandbox's broker: what is told as acknowledged has been published."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from l3kit.cli import main
from l3kit.errors import L3Error
from l3kit.operate.simulate.publisher import BrokerError, Publisher
from l3kit.operate.simulate.readings import DeviceMessage
from l3kit.sandbox import SandboxState
from tests.integration.sandbox.messages.device import Device

pytestmark = pytest.mark.sandbox
ROOT = Path(__file__).parents[4]
TWIN = str(ROOT / "params" / "twins" / "nyc-weather")


def test_every_message_of_a_file_is_published_and_acknowledged(
    sandbox: SandboxState, device: Device, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    lines = [json.dumps({"iotDeviceId": "a/b", "id": "2020-01-01T00:00:00Z", "n": number}) for number in range(300)]
    file = tmp_path / "some.jsonl"
    file.write_text("\n".join(lines))
    device.subscribe("nyc-weather/a%2Fb/telemetry")
    arguments = ["--from", str(file), "--times", "keep", "--rate", "0", "--home", str(sandbox.home), "--json"]
    assert main(["simulate", TWIN, *arguments]) == 0
    told = json.loads(capsys.readouterr().out)
    assert (told["published"], told["acknowledged"]) == (300, 300)
    assert [device.received.get(timeout=30)[1].decode() for _ in lines] == lines


@pytest.mark.slow
def test_ctrl_c_ends_an_endless_run_with_everything_acknowledged(broker: tuple[str, int], device: Device) -> None:
    device.subscribe("nyc-weather/+/telemetry")
    command = [sys.executable, "-m", "l3kit.cli", "simulate", TWIN, "--rate", "50", "--json"]
    command += ["--broker", f"{broker[0]}:{broker[1]}"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, cwd=ROOT) as running:
        device.received.get(timeout=60)
        os.kill(running.pid, signal.SIGINT)
        out, errors = running.communicate(timeout=60)
    assert running.returncode == 0
    assert errors.startswith(b"nyc-weather has no message chain")
    assert errors.count(b"\n") == 1
    told = json.loads(out)
    assert told["published"] == told["acknowledged"] > 0


def test_a_message_that_is_refused_ends_the_run_with_the_number_of_those_that_were_not(
    broker: tuple[str, int],
) -> None:
    messages = [DeviceMessage("a", b"1"), DeviceMessage("a", b"x" * (11 * 1024 * 1024)), DeviceMessage("a", b"3")]
    with pytest.raises(BrokerError, match="closed the connection after 1 of"):
        Publisher(broker).run("twin", messages, 5, lambda done: None)


@pytest.mark.slow
def test_a_server_that_is_no_broker_is_told(sandbox: SandboxState) -> None:
    host, _, port = sandbox.gateway.removeprefix("http://").partition(":")
    with pytest.raises(L3Error, match=f"MQTT broker {host}:{port}"):
        Publisher((host, int(port))).run("twin", [DeviceMessage("a", b"1")], 0, lambda done: None)
