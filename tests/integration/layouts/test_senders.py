"""Two devices that send the same broken bytes, on each cloud: a letter each when listed, replayed and erased."""

from __future__ import annotations

import pytest

from l3kit.deploy import apply, destroy, plan
from l3kit.operate.erase.starting import erase
from l3kit.operate.explain.gather import explain
from l3kit.operate.letters.listing import LetterRow
from l3kit.operate.letters.listing import letters as list_letters
from l3kit.operate.letters.replay import replay_letters
from l3kit.operate.simulate.publication import publish
from l3kit.sandbox.faults.arranged import arm
from l3kit.sandbox.messages.client import wait_until_delivered
from l3kit.session import Session, reached
from l3kit.twin.config import Twin
from tests.integration.aws.conftest import MakeTwin
from tests.support.erasable import Ahead

pytestmark = [pytest.mark.sandbox, pytest.mark.slow]
SECONDS = 180.0
DEVICES = ["pump 1/传", "mixer"]
BODIES = (b"temperature=7", b"\xff\xfe", b'{"v":1}')
"""No JSON, no text, and an object that names no device."""


@pytest.mark.parametrize("own", ["aws", "azure", "gcp"])
def test_each_of_two_senders_of_the_same_broken_bytes_has_its_own_letters(
    own: str, clouds: Session, make_twin: MakeTwin
) -> None:
    twin = make_twin(own, own, own, DEVICES, (own, own))
    apply(plan(twin, clouds), clouds)
    dispatcher = reached(clouds, own, "the dispatcher").function_name(twin, "dispatcher")
    armed = arm(str(clouds.sandbox_endpoint), f"source-of-{dispatcher}", "deliver_again", at=1)
    publish(clouds, twin, [(one, body) for body in BODIES for one in DEVICES], wait_seconds=SECONDS).raise_if_failed()
    armed.go_on()
    assert wait_until_delivered(str(clouds.sandbox_endpoint), SECONDS)
    armed.disarm()
    rows = listed(clouds, twin)
    assert sorted((str(row.device), row.problem) for row in rows) == sorted(
        (one, problem) for one in DEVICES for problem in ("no-device", "not-json", "not-json")
    )
    assert all(row.received for row in rows)

    assert replay_letters(clouds, twin).total("again") == len(rows)
    assert listed(clouds, twin) == rows

    ahead = Ahead()
    assert erase(clouds, twin, DEVICES[0], now=ahead.clock, sleep=ahead.sleep).complete
    assert listed(clouds, twin) == [row for row in rows if row.device == DEVICES[1]]
    check_explained(clouds, twin)
    destroy(twin, clouds, data=True)


def check_explained(session: Session, twin: Twin) -> None:
    """The erased device's page tells of its letters and of what the cloud keeps, the other device's of no erase."""
    (erased,) = explain(session, twin, DEVICES[0]).to_json()["erased"]
    letters = [row for row in erased["erased"] if row["what"] == "dead letter"]
    assert [(row["where"], row["pieces"]) for row in letters] == [(f"letters on {twin.layout.l2}", len(BODIES))]
    assert any(one["until"] for one in erased["unreached"])
    assert explain(session, twin, DEVICES[1]).to_json()["erased"] == []


def listed(session: Session, twin: Twin) -> list[LetterRow]:
    found = list_letters(session, twin)
    assert found.complete, found
    return sorted(found.rows, key=lambda row: row.key)
