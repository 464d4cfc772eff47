"""Devices' messages over every pair of clouds of layers 1 and 2: each in the hot tier once, or a dead letter."""

from __future__ import annotations

import itertools
import json
import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest
import requests

from l3kit.deploy import apply, destroy, plan, plan_destroy
from l3kit.deploy.plan import HOLDS_DATA
from l3kit.operate.inventory import tiers
from l3kit.operate.verify.canary_trip import CanaryTrip
from l3kit.operate.verify.message_way import Waits
from l3kit.operate.verify.way import functions_on_way
from l3kit.sandbox import SandboxState
from l3kit.sandbox.faults.arranged import arm
from l3kit.sandbox.messages.client import start_broker, wait_until_delivered
from l3kit.session import Session, reached
from l3kit.tiering.format.exact_numbers import exact_loads
from l3kit.tiering.format.topics import FEEDBACK, TELEMETRY, device_topic
from l3kit.twin.config import Twin
from tests.integration.aws.conftest import MakeTwin, saved_links
from tests.integration.layouts import message_twins as sent
from tests.integration.layouts.message_twins import hot_items, letters, listening, write_files
from tests.integration.sandbox.conftest import deploy
from tests.integration.sandbox.messages.device import Device, connected
from tests.support.chain import CLOUDS, COMBINATIONS

__all__ = ["deploy"]
pytestmark = pytest.mark.sandbox
SECONDS = 180.0
SIGNED = {("aws", "gcp", "azure"), ("azure", "aws", "gcp")}
WITH_READERS = {("azure", "gcp", "aws")}
FORWARDING = """
import json, urllib.request
def handler(event, context):
    urllib.request.urlopen(urllib.request.Request("{url}", json.dumps(event).encode(), method="POST"), timeout=20)
"""


def test_the_combinations_have_each_pair_of_clouds_in_each_two_places() -> None:
    assert set(CLOUDS) == {"aws", "azure", "gcp"}
    for one, other in itertools.combinations(range(3), 2):
        assert {(way[one], way[other]) for way in COMBINATIONS} == set(itertools.product(CLOUDS, repeat=2))


@pytest.fixture
def called() -> Iterator[tuple[str, list[bytes]]]:
    """The url of an event's function, and what it was given."""
    with listening() as server:
        yield server


@pytest.mark.slow  # in the fast part the notebooks walkthrough and letters publish messages
@pytest.mark.parametrize("way", COMBINATIONS, ids="-".join)
def test_each_message_is_in_the_hot_tier_once_or_a_dead_letter(
    all_clouds: SandboxState,
    clouds: Session,
    make_twin: MakeTwin,
    deploy: Callable[..., str],
    called: tuple[str, list[bytes]],
    way: tuple[str, str, str],
) -> None:
    l1, l2, hot = way
    action: dict[str, Any] = {"type": "function", "functionUrl": called[0]}
    if l2 == "aws":
        action = {"type": "function", "functionName": deploy(FORWARDING.format(url=called[0]))}
    if answered := l1 != "gcp":
        action["feedback"] = {"type": "mqtt", "iotDeviceId": sent.PUMP, "payload": {"valve": "open"}}
    link_auth = "signature" if way in SIGNED else "token"
    made = make_twin(hot, hot, hot, sent.DEVICES, (l1, l2), link_auth=link_auth, reader_urls=way in WITH_READERS)
    twin = write_files(made, action)
    deploy_twice(clouds, twin)
    dispatcher = reached(clouds, l1, "the dispatcher").function_name(twin, "dispatcher")
    host, _, port = start_broker(all_clouds.gateway).partition(":")
    with connected((host, int(port))) as device:
        device.subscribe(device_topic(twin.name, sent.PUMP, FEEDBACK))
        armed = arm(all_clouds.gateway, f"source-of-{dispatcher}", "deliver_again", at=1)
        publish(all_clouds, twin, device)
        check_stored(clouds, twin)
        assert sent.canonical(sent.ALARMING) in {sent.canonical(event_of(body)) for body in called[1]}
        if answered:
            check_feedback(device, twin)
        armed.go_on()
        assert wait_for(lambda: armed.delivered() == 1)
        assert wait_until_delivered(all_clouds.gateway, SECONDS)
        armed.disarm()
    check_stored(clouds, twin)
    check_canary(clouds, twin, called[1])
    if twin.config.reader_urls:
        check_reader(clouds, twin)
    check_fresh_machine(clouds, twin)
    check_destroyed(clouds, twin)


def deploy_twice(session: Session, twin: Twin) -> None:
    apply(plan(twin, session), session)
    again = plan(twin, session)
    assert not again.changes, again


def publish(state: SandboxState, twin: Twin, device: Device) -> None:
    """Send everything; what must come in order is sent when the former message has been taken."""

    def send(sender: str, body: bytes) -> None:
        device.publish(device_topic(twin.name, sender, TELEMETRY), body)

    send(sent.PUMP, sent.EXACT)
    assert wait_until_delivered(state.gateway, SECONDS)
    for body in (sent.NAMED_OTHERWISE.encode(), b"[%b, %b]" % tuple(sent.LIST), sent.FORMER, sent.ALARMING, sent.HUGE):
        send(sent.PUMP, body)
    for body in sent.BAD.values():
        send(sent.PUMP, body)
    send(sent.MIXER, sent.TO_MIX)
    send(sent.BROKEN, sent.TO_BREAK)
    assert wait_until_delivered(state.gateway, SECONDS)
    send(sent.PUMP, sent.LATTER)
    assert wait_until_delivered(state.gateway, SECONDS)


def check_stored(session: Session, twin: Twin) -> None:
    hot = twin.layout.hot
    found = letters(session, twin)
    assert sorted((problem, message) for _, problem, message, _ in found) == sorted(
        sent.expected_letters(hot).items()
    ), found
    assert {cloud for cloud, problem, _, _ in found if problem in sent.BAD} == {twin.layout.l1}
    assert {cloud for cloud, problem, _, _ in found if problem == "superseded"} == {hot}
    assert hot_items(session, twin) == sent.expected_items(hot)


def event_of(body: bytes) -> bytes:
    """The item in what an event's function is given."""
    return json.dumps(json.loads(body)["event"]).encode()


def check_feedback(device: Device, twin: Twin) -> None:
    topic, body = device.received.get(timeout=30)
    assert topic == device_topic(twin.name, sent.PUMP, FEEDBACK)
    told = json.loads(body)
    assert (told["message"], told["actual_value"], told["condition"]) == ({"valve": "open"}, 90.5, sent.ALARM)
    more = [device.received.get_nowait() for _ in range(device.received.qsize())]
    assert more == []


def check_canary(session: Session, twin: Twin, called: list[bytes]) -> None:
    """A canary passes every function, is moved to the cold tier, and leaves everything as it was."""
    before = len(called)
    trip = CanaryTrip(session, twin, waits=Waits(arrival=SECONDS))
    checks = trip.checks()
    assert [check for check in checks if not check.passed] == []
    functions = functions_on_way(twin.layout)
    assert [check.subject for check in checks if check.group == "message"] == ["layer 1", *functions, "hot tier"]
    assert [check.seen for check in checks if check.group == "canary"] == ["moved", "equal", "gone"]
    places = [(one.place, one.cloud) for one in trip.way]
    hot, cold = twin.layout.hot, twin.layout.cold
    in_tiers = [("hot tier", hot), ("hot-to-cold-mover", hot), ("cold tier", cold)]
    assert places == [("published", twin.layout.l1), *functions.items(), *in_tiers]
    assert len(called) == before
    check_stored(session, twin)
    assert {holding.tier for holding in tiers(session, twin).holdings} == {"hot"}


def check_reader(session: Session, twin: Twin) -> None:
    """The exact item is read back by HTTP."""
    saved = saved_links(session, twin)[f"{twin.layout.hot}_l3hot_hot-reader"]
    headers = {"X-Inter-Cloud-Token": saved.token}
    answer = requests.get(saved.url, params={"device": sent.PUMP, "limit": "1"}, headers=headers, timeout=60)
    assert exact_loads(answer.content)["items"] == [exact_loads(sent.EXACT)]


def check_fresh_machine(session: Session, twin: Twin) -> None:
    session.link_file(twin).path.unlink(missing_ok=True)
    fresh = plan(twin, session)
    assert not fresh.changes, fresh


def check_destroyed(session: Session, twin: Twin) -> None:
    """Without data the letters stay, with data nothing does."""
    wanted = plan_destroy(twin, session)
    kept = [step for step in wanted.steps if step.action == "keep"]
    assert {step.reason for step in kept} == {HOLDS_DATA}
    apply(wanted, session)
    check_stored(session, twin)
    destroy(twin, session, data=True)
    left = plan_destroy(twin, session, data=True)
    assert not left.steps, left


def wait_for(condition: Callable[[], bool]) -> bool:
    deadline = time.monotonic() + SECONDS
    while not condition():
        if time.monotonic() > deadline:
            return False
        time.sleep(0.05)
    return True
