"""Messages that were set aside on Azure and Google Cloud, replayed when their cause is mended."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable
from typing import Any

import pytest

from l3kit.deploy import apply, destroy, plan
from l3kit.operate.letters.listing import letters as list_letters
from l3kit.operate.letters.replay import replay_letters
from l3kit.sandbox.messages.client import wait_until_delivered
from l3kit.session import Session
from l3kit.tiering.format.topics import TELEMETRY, device_topic
from l3kit.twin.config import Twin
from tests.integration.aws.conftest import MakeTwin
from tests.integration.layouts import message_twins as sent

pytestmark = [pytest.mark.sandbox, pytest.mark.slow]
SECONDS = 180.0
STRANGER = "stranger"
STRANGE = sent.BAD["unknown-device"]
SET_ASIDE = {("azure", "unknown-device"): STRANGE, ("gcp", "processor-failed"): sent.TO_BREAK}
"""Layer 1 on Azure does not know the device; its processor on Google Cloud raises."""
BREAKING = {sent.BROKEN: sent.PROCESSORS[sent.BROKEN]}
MENDED = {sent.BROKEN: "def process(event):\n    return event\n"}


def test_messages_set_aside_on_azure_and_google_cloud_are_replayed_into_the_hot_tier(
    clouds: Session, make_twin: MakeTwin, aws: Callable[[str], Any]
) -> None:
    made = make_twin("gcp", "gcp", "gcp", [sent.BROKEN], ("azure", "gcp"))
    twin = with_files(made, [sent.BROKEN], BREAKING)
    apply(plan(twin, clouds), clouds)
    for device, message in ((STRANGER, STRANGE), (sent.BROKEN, sent.TO_BREAK)):
        # The sandbox has one broker for all clouds.
        aws("iot-data").publish(topic=device_topic(twin.name, device, TELEMETRY), payload=message)
    assert wait_until_delivered(str(clouds.sandbox_endpoint), SECONDS)
    aside = {(cloud, problem): message for cloud, problem, message, _ in sent.letters(clouds, twin)}
    assert aside == {place: message.decode() for place, message in SET_ASIDE.items()}
    assert not sent.hot_items(clouds, twin)

    unchanged = replay_letters(clouds, twin)
    assert unchanged.total("again") == len(SET_ASIDE), unchanged.summary()
    assert len(sent.letters(clouds, twin)) == len(SET_ASIDE)

    mended = with_files(twin, [sent.BROKEN, STRANGER], MENDED)
    apply(plan(mended, clouds), clouds)
    replayed = replay_letters(clouds, mended)
    replayed.raise_if_failed()
    assert replayed.total("arrived") == len(SET_ASIDE)
    assert sent.hot_items(clouds, mended) == Counter(map(sent.canonical, SET_ASIDE.values()))
    assert list_letters(clouds, mended).rows == ()
    destroy(mended, clouds, data=True)


def with_files(twin: Twin, devices: list[str], processors: dict[str, str]) -> Twin:
    """The twin with these devices and processors."""
    (twin.path / "config_iot_devices.json").write_text(json.dumps([{"id": device} for device in devices]))
    for device, source in processors.items():
        folder = twin.path / "processors" / device
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "process.py").write_text(source)
    return Twin.load(twin.path)
