"""The state of each alarm, from what functions wrote, and who is notified."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from l3kit.clouds.gcp.cloud import GcpCloud
from l3kit.clouds.gcp.control.provisioner import GcpProvisioner
from l3kit.clouds.gcp.control.watch import WITHOUT, MonitoringAlarms
from l3kit.clouds.ports.alarms import Alarm
from l3kit.twin.config import Twin
from tests.support.control_plane import Cloud
from tests.support.deployed import links_of
from tests.unit.clouds.gcp.control.watched import HOT, OPS, now, ran, watched_twin, write


def with_alarms(cloud: Cloud, twin: Twin) -> GcpProvisioner:
    made = GcpProvisioner(twin, cloud.session(), links_of(twin))
    for resource in made.alarms():
        resource.create()
    return made


def seen(cloud: Cloud, twin: Twin) -> dict[str, Alarm]:
    watch = MonitoringAlarms(lambda: now(cloud)).watch(twin, GcpCloud(cloud.session()))
    return {alarm.name.removeprefix("plant-"): alarm for alarm in watch.alarms}


def states(cloud: Cloud, twin: Twin) -> dict[str, str]:
    return {name: alarm.state for name, alarm in seen(cloud, twin).items()}


def test_before_the_first_run_nothing_is_known_of_movers_and_all_is_missing_before_apply(
    cloud: Cloud, tmp_path: Path
) -> None:
    twin = watched_twin(tmp_path, chain=True)
    assert {*states(cloud, twin).values()} == {"missing"}
    made = with_alarms(cloud, twin)
    found = states(cloud, twin)
    assert {name for name, state in found.items() if state == "ok"} == {"missed-starts", "dead-letters"}
    assert {*found.values()} == {"ok", "unknown"}
    assert all(one.compare().differences == () for one in made.alarms())
    for resource in reversed(made.alarms()):
        resource.delete()
    assert not any(one.compare().exists for one in (*made.alarms(), *made.left_over_alarms()))


@pytest.mark.parametrize(
    ("wrote", "firing"),
    [
        (lambda cloud: ran(cloud, 1), set()),
        (lambda cloud: ran(cloud, 1, Severity=2), {"failed"}),
        (lambda cloud: (ran(cloud, 24.5, Severity=1), ran(cloud, 0.5, Severity=2)), {"failed", "partial-twice"}),
        (lambda cloud: (ran(cloud, 24.5), ran(cloud, 0.5, Severity=1)), set()),
        (lambda cloud: ran(cloud, 1, LagDays=3.5), {"lag"}),
        (lambda cloud: ran(cloud, 1, LagDays=2), set()),
        (lambda cloud: ran(cloud, 30), {"late"}),
        (lambda cloud: write(cloud, HOT, 1, "[sandbox] its run exceeded its time limit"), {"broke-off"}),
    ],
)
def test_an_alarm_fires_by_what_a_mover_wrote(
    cloud: Cloud, tmp_path: Path, wrote: Callable[[Cloud], None], firing: set[str]
) -> None:
    twin = watched_twin(tmp_path)
    with_alarms(cloud, twin)
    wrote(cloud)
    found = seen(cloud, twin)
    assert {name for name, one in found.items() if one.state == "alarm"} == {f"{HOT}-{kind}" for kind in firing}
    assert all("counted" in found[f"{HOT}-{kind}"].reason and found[f"{HOT}-{kind}"].since for kind in firing)
    assert found["cold-to-archive-mover-failed"].state == "unknown"


def test_a_dead_letter_fires_its_alarm_for_an_hour(cloud: Cloud, tmp_path: Path) -> None:
    twin = watched_twin(tmp_path, chain=True)
    with_alarms(cloud, twin)
    write(cloud, "dispatcher", 0.5, '{"l3kit":{"twin":"plant","DeadLetters":2}}')
    assert states(cloud, twin)["dead-letters"] == "alarm"
    cloud.time.sleep(3600)
    assert states(cloud, twin)["dead-letters"] == "ok"


def test_an_address_that_waits_for_its_verification_is_told(cloud: Cloud, tmp_path: Path) -> None:
    twin = watched_twin(tmp_path)
    watch = MonitoringAlarms(lambda: now(cloud))
    here = GcpCloud(cloud.session())
    assert [one.state for one in watch.watch(twin, here).subscribers] == ["missing"]
    with_alarms(cloud, twin)
    assert [(one.address, one.state) for one in watch.watch(twin, here).subscribers] == [(OPS, "confirmed")]
    cloud.plane.set_verification(OPS, "UNVERIFIED")
    assert [one.state for one in watch.watch(twin, here).subscribers] == ["waits"]


def test_a_sandbox_without_a_control_plane_says_that_it_makes_none(cloud: Cloud, tmp_path: Path) -> None:
    without = GcpCloud(replace(cloud.session(), control=None))
    watch = MonitoringAlarms(lambda: now(cloud)).watch(watched_twin(tmp_path), without)
    assert {(one.state, one.reason) for one in watch.alarms} == {("missing", WITHOUT)}
    assert watch.subscribers == ()
