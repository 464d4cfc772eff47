"""A twin's functions behind a function host: invocation, checks, schedules."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from l3kit.clouds.ports.function_host import Definition, Timer
from l3kit.clouds.shared.hosted_functions import HostedFunctions
from l3kit.errors import REPAIR, L3Error
from l3kit.tiering.tokens import Secret
from l3kit.twin.config import Twin
from l3kit.twin.connections import DeployedWriter
from l3kit.twin.cron_forms import ncrontab
from l3kit.twin.layout import MOVERS
from l3kit.twin.schedules import Schedule
from tests.integration.aws.conftest import write_twin
from tests.support.memory_functions import MemoryHost

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
DAILY = "0 0 0 * * *"


@pytest.fixture
def twin(tmp_path: Path) -> Twin:
    write_twin(tmp_path, "plant", "azure", "azure", "azure", ["pump-1"])
    return Twin.load(tmp_path)


@pytest.fixture
def host() -> MemoryHost:
    return MemoryHost()


@pytest.fixture
def cloud(host: MemoryHost) -> HostedFunctions:
    return HostedFunctions(
        "azure",
        lambda twin: host,
        lambda twin, function: f"{twin.name}-{function}",
        ncrontab,
        lambda there, function: f"{there.url}/api/{function}",
    )


def put(host: MemoryHost, twin: Twin, function: str, owner: str = "plant", **settings: str) -> None:
    host.update(f"{twin.name}-{function}", Definition("3.13", settings, owner, 60), b"zip")


def test_an_answer_is_read_and_a_refusal_is_told(cloud: HostedFunctions, host: MemoryHost, twin: Twin) -> None:
    host.answer = (200, b'{"verdict": "complete"}')
    assert cloud.invoke(twin, MOVERS[0], {"time": "t"}) == {"verdict": "complete"}
    assert host.invoked == [("plant-hot-to-cold-mover", b'{"time": "t"}')]
    for answer, told in (((500, b'{"error": "no table"}'), "no table"), ((502, b"<html>"), "it returned 502")):
        host.answer = answer
        with pytest.raises(L3Error, match=f"plant-hot-to-cold-mover: failed: {told}"):
            cloud.invoke(twin, MOVERS[0], {})


def test_a_reader_that_anybody_may_call_is_asked_at_its_address_with_its_token(host: MemoryHost, twin: Twin) -> None:
    asked: list[tuple[str, str, str, dict[str, Any]]] = []

    def ask(url: str, token: Secret, function: str, event: Mapping[str, Any]) -> tuple[int, bytes]:
        asked.append((url, token.reveal(), function, dict(event)))
        return 200, b'{"items": []}'

    def name_of(twin: Twin, function: str) -> str:
        return f"{twin.name}-{function}"

    cloud = HostedFunctions("gcp", lambda twin: host, name_of, ncrontab, lambda there, function: f"{there.url}/", ask)
    event = {"iot_device_id": "d"}
    for public in (False, True):
        definition = Definition("3.13", {"INTER_CLOUD_TOKEN": "a-token"}, "plant", 60, public)
        host.update("plant-hot-reader", definition, b"zip")
        host.answer = (200, b'{"items": [1]}')
        assert cloud.invoke(twin, "hot-reader", event) == {"items": [] if public else [1]}
    assert asked == [("https://plant-hot-reader.example/", "a-token", "hot-reader", event)]
    assert len(host.invoked) == 1


def test_a_writer_is_told_with_its_address_if_it_is_this_twins(
    cloud: HostedFunctions, host: MemoryHost, twin: Twin
) -> None:
    assert (cloud.writer(twin, "cold-writer"), cloud.function_variables(twin, "cold-writer")) == (None, None)
    put(host, twin, "cold-writer", A="1")
    url = "https://plant-cold-writer.example/api/cold-writer"
    assert cloud.writer(twin, "cold-writer") == DeployedWriter(url, {"A": "1"})
    put(host, twin, "cold-writer", owner="another")
    assert cloud.writer(twin, "cold-writer") is None


def test_each_function_is_checked_even_if_another_may_not_be_seen(
    cloud: HostedFunctions, host: MemoryHost, twin: Twin
) -> None:
    needed = dict.fromkeys(twin.layout.variables_of("hot-reader", "azure"), "x")
    put(host, twin, "hot-reader", **needed)
    put(host, twin, "hot-reader-last-entry", STRANGE="1")
    host.fail("plant-hot-reader-last-entry", "it failed to start: no module")
    host.hidden = {"plant-hot-to-cold-mover"}
    seen = {(c.subject, c.expected): (c.seen, c.hint) for c in cloud.function_checks(twin)}
    assert seen["hot-reader", "active"] == ("active", "")
    assert seen["hot-reader-last-entry", "active"] == ("it failed to start: no module", REPAIR)
    assert seen["hot-to-cold-mover", "active"] == ("it may not be read", "Ask for it")
    assert seen["cold-to-archive-mover", "active"] == ("missing", REPAIR)
    variables = {subject: seen for (subject, expected), (seen, _) in seen.items() if "variables" in expected}
    assert variables["hot-reader"] == f"{len(needed)} variables"
    assert "unexpected STRANGE" in variables["hot-reader-last-entry"]


@pytest.mark.parametrize(
    ("timers", "seen"),
    [
        ({"t": Timer(DAILY, "fired")}, "on"),
        ({"t": Timer(DAILY, "on")}, "on"),
        ({}, "missing"),
        ({"t": Timer(DAILY, "off")}, "off"),
        ({"t": Timer("0 0 4 * * *", "on")}, "at 0 0 4 * * *"),
        ({"t": Timer(DAILY, "on", fault="starts something else")}, "starts something else"),
        ({"t": Timer(DAILY, "on"), "u": Timer("0 0 4 * * *", "on")}, "on, at 0 0 4 * * *"),
    ],
)
def test_a_schedule_is_on_if_it_alone_starts_the_mover_when_it_should(
    cloud: HostedFunctions, host: MemoryHost, twin: Twin, timers: dict[str, Timer], seen: str
) -> None:
    assert ncrontab(twin.config.mover_schedule) == DAILY
    host.schedules = {f"plant-{MOVERS[0]}": timers}
    checks = {check.subject: check for check in cloud.schedule_checks(twin)}
    assert (checks[MOVERS[0]].seen, checks[MOVERS[0]].passed) == (seen, seen == "on")
    assert checks[MOVERS[1]].seen == "missing"
    host.hidden = {f"plant-{MOVERS[1]}"}
    hidden = [check.seen for check in cloud.schedule_checks(twin)]
    assert hidden == [seen, "it may not be read"]


@pytest.mark.parametrize(
    ("timers", "told"),
    [
        ({}, Schedule("missing")),
        (
            {"t": Timer("0 30 3 * * *", "fired")},
            Schedule("fired", "0 30 3 * * *", NOW.replace(day=2, hour=3, minute=30)),
        ),
        (
            {"t": Timer("rate(6 hours)", "on", NOW.replace(hour=1))},
            Schedule("on", "rate(6 hours)", NOW.replace(hour=13)),
        ),
        ({"t": Timer("rate(6 hours)", "fired")}, Schedule("fired", "rate(6 hours)")),
        ({"t": Timer("rate(6 hours)", "off")}, Schedule("off", "rate(6 hours)")),
        (
            {"t": Timer("cron(0 3 * * ? *)", "on", fault="time zone Asia/Tokyo")},
            Schedule("on", "cron(0 3 * * ? *)", fault="time zone Asia/Tokyo"),
        ),
    ],
)
def test_a_deployed_schedule_is_told_with_its_next_run(
    cloud: HostedFunctions, host: MemoryHost, twin: Twin, timers: dict[str, Timer], told: Schedule
) -> None:
    host.schedules = {f"plant-{MOVERS[0]}": timers}
    assert cloud.schedule(twin, MOVERS[0], NOW) == told
