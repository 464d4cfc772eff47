"""Log-based metrics: made, repaired, of their owner alone."""

from __future__ import annotations

import pytest

from l3kit.clouds.gcp.control.alarm_specs import MetricSpec
from l3kit.clouds.gcp.control.log_metrics import LeftOverMetrics, LogMetric
from l3kit.clouds.ports.resources import AlreadyThereError
from tests.support.control_plane import Cloud

FILTER = 'resource.type="cloud_run_revision" AND jsonPayload.l3kit.Severity>=0'
SPEC = MetricSpec("plant-runs", FILTER, (("severity", "EXTRACT(jsonPayload.l3kit.Severity)"),))


def test_a_metric_is_as_it_was_made_and_goes(cloud: Cloud) -> None:
    one = LogMetric(cloud.place, SPEC, "plant")
    assert not one.compare().exists
    one.create()
    assert (one.compare().owned, one.compare().differences) == (True, ())
    with pytest.raises(AlreadyThereError):
        one.create()
    one.delete()
    one.delete()
    assert not one.compare().exists


def test_another_filter_is_told_and_set(cloud: Cloud) -> None:
    LogMetric(cloud.place, MetricSpec(SPEC.name, "severity>=ERROR", SPEC.labels), "plant").create()
    one = LogMetric(cloud.place, SPEC, "plant")
    assert len(one.compare().differences) == 1
    one.update()
    assert one.compare().differences == ()


def test_one_of_somebody_else_is_not_ours_and_stays(cloud: Cloud) -> None:
    LogMetric(cloud.place, SPEC, "other").create()
    assert not LogMetric(cloud.place, SPEC, "plant").compare().owned
    LeftOverMetrics(cloud.place, (SPEC.name,), "plant").delete()
    left = LeftOverMetrics(cloud.place, (SPEC.name,), "other")
    assert left.compare().exists
    left.delete()
    assert not left.compare().exists
