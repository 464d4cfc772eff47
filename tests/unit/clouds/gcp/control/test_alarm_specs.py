"""Which alert policies a twin has, and what they count."""

from __future__ import annotations

from pathlib import Path

import pytest

from l3kit.clouds.gcp.control.alarm_specs import (
    LONGEST,
    alarm_gaps,
    alarm_specs,
    all_alarm_names,
    all_metric_names,
    metric_specs,
)
from l3kit.clouds.gcp.names import GcpNames
from l3kit.clouds.ports.alarms import OF_EXPIRER, OF_MOVERS, watch_size
from l3kit.twin.config import Twin
from tests.unit.clouds.gcp.control.watched import HOT, watched_twin

NAMES = GcpNames("plant", "plant-7-prod", "us-central1")


def kinds(twin: Twin, mover: str) -> list[str]:
    return [spec.kind for spec in alarm_specs(twin, NAMES, "gcp") if spec.mover == mover]


def test_a_twin_with_a_chain_and_an_expirer_has_all_alarms_and_their_metrics(tmp_path: Path) -> None:
    twin = watched_twin(tmp_path, chain=True, archive_storage_size_in_days=400)
    specs, metrics = alarm_specs(twin, NAMES, "gcp"), metric_specs(twin, NAMES, "gcp")
    assert kinds(twin, HOT) == list(OF_MOVERS)
    assert kinds(twin, "archive-expirer") == list(OF_EXPIRER)
    assert kinds(twin, "") == ["missed-starts", "dead-letters"]
    assert {spec.name for spec in specs} == {*all_alarm_names(NAMES)}
    assert {spec.name for spec in metrics} == {*all_metric_names(NAMES)}
    size = watch_size(twin.layout, "gcp")
    assert (len(specs), len(metrics)) == (size.alarms, size.metrics + 1)  # missed starts are counted in a log here
    used = {metric for spec in specs for metric in (spec.metric, spec.runs) if metric.startswith("logging.")}
    assert used == {spec.type for spec in metrics}


def test_a_condition_counts_the_runs_of_one_function_in_a_window(tmp_path: Path) -> None:
    found = {spec.name: spec for spec in alarm_specs(watched_twin(tmp_path), NAMES, "gcp")}
    told = found["plant-hot-to-cold-mover-partial-twice"].condition()["conditionThreshold"]
    assert told["filter"] == (
        'metric.type = "logging.googleapis.com/user/plant-hot-to-cold-mover-runs" AND '
        'resource.type = "cloud_run_revision" AND resource.labels.service_name="plant-hot-to-cold-mover" AND '
        'metric.labels.severity=one_of("1","2")'
    )
    assert (told["comparison"], told["thresholdValue"], told["duration"]) == ("COMPARISON_GT", 1.5, "0s")
    assert told["aggregations"][0]["alignmentPeriod"] == "90000s"
    late = found["plant-hot-to-cold-mover-late"].condition()["conditionAbsent"]
    assert late["duration"] == "300s"


@pytest.mark.parametrize(
    ("schedule", "window"),
    [("rate(5 minutes)", 420), ("rate(1 hour)", 5400), ("cron(0 3 * * ? *)", 90_000), ("cron(0 3 ? * MON *)", 0)],
)
def test_two_runs_fit_into_a_window_and_where_they_do_not_it_is_told(
    tmp_path: Path, schedule: str, window: int
) -> None:
    twin = watched_twin(tmp_path, mover_schedule=schedule)
    windows = {spec.kind: spec.window for spec in alarm_specs(twin, NAMES, "gcp") if spec.mover == HOT}
    assert windows.get("partial-twice", 0) == windows.get("late", 0) == window
    assert all(0 < one <= LONGEST for one in windows.values())
    assert [schedule in note for note in alarm_gaps(twin, "gcp")] == ([] if window else [True])


def test_a_twin_without_anything_here_has_none(tmp_path: Path) -> None:
    twin = watched_twin(tmp_path, "aws", "aws", "gcp")
    assert (alarm_specs(twin, NAMES, "gcp"), metric_specs(twin, NAMES, "gcp"), alarm_gaps(twin, "gcp")) == ((), (), ())
