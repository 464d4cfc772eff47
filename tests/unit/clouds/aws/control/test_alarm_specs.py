"""Which alarms a twin has, and that CloudWatch's own rules allow each of them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from l3kit.clouds.aws.control.alarm_specs import AlarmSpec, alarm_gaps, alarm_patterns, alarm_specs, all_alarm_names
from l3kit.clouds.aws.names import AwsNames
from l3kit.clouds.ports.alarms import KINDS, MEANINGS, OF_EXPIRER, OF_MOVERS, watch_size
from l3kit.tiering.settings.function_table import EXPIRER
from l3kit.twin.config import Twin
from l3kit.twin.layout import MOVERS
from tests.integration.aws.conftest import write_twin
from tests.unit.clouds.aws.control.forms import check_values

NAMES = AwsNames("plant", "123456789012", "eu-west-1")
SCHEDULES = (
    *("rate(1 minute)", "rate(7 minutes)", "rate(59 minutes)", "rate(1 hour)", "rate(1 day)", "rate(3 days)"),
    *("rate(6 days)", "rate(7 days)", "cron(0 3 1 * ? *)", "cron(0 3 L * ? *)", "cron(0 3 ? * MON-FRI *)"),
)


def twin(folder: Path, *tiers: str, chain: tuple[str, str] | None = None, **config: Any) -> Twin:
    write_twin(folder, "plant", *(tiers or ("aws",) * 3), devices=["d"], chain=chain, alarms=True, **config)
    return Twin.load(folder)


def by_kind(specs: tuple[AlarmSpec, ...]) -> dict[str, AlarmSpec]:
    return {spec.kind: spec for spec in specs}


@pytest.mark.parametrize("expression", SCHEDULES)
def test_every_alarm_keeps_to_cloudwatchs_definition_and_to_its_limits_of_time(tmp_path: Path, expression: str) -> None:
    specs = alarm_specs(twin(tmp_path, chain=("aws", "aws"), mover_schedule=expression), NAMES, "aws")
    for spec in specs:
        check_values("cloudwatch", "PutMetricAlarm", spec.parameters())
        assert spec.period % 60 == 0
        assert spec.period * spec.periods <= (604_800 if spec.period >= 3600 else 86_400)
        assert 1 <= (spec.breaching or spec.periods) <= spec.periods
        assert len(spec.description) <= 1024
        assert len(spec.name) <= 255


def test_each_mover_on_aws_has_each_kind_the_expirer_two_and_the_twin_the_others(tmp_path: Path) -> None:
    specs = alarm_specs(twin(tmp_path, chain=("aws", "aws"), archive_storage_size_in_days=400), NAMES, "aws")
    assert {(spec.mover, spec.kind) for spec in specs} == {
        *((mover, kind) for mover in MOVERS for kind in OF_MOVERS),
        *((EXPIRER, kind) for kind in OF_EXPIRER),
        *(("", kind) for kind in KINDS if kind not in OF_MOVERS),
    }
    assert [spec.name for spec in specs] == list(all_alarm_names(NAMES))
    assert len({spec.name for spec in specs}) == len(specs) == watch_size(Twin.load(tmp_path).layout, "aws").alarms


@pytest.mark.parametrize(
    ("tiers", "chain", "movers", "kinds"),
    [
        (("aws", "azure", "gcp"), None, {"hot-to-cold-mover"}, {*OF_MOVERS, "missed-starts"}),
        (("gcp", "aws", "aws"), None, {"cold-to-archive-mover"}, {*OF_MOVERS, "missed-starts"}),
        (("gcp", "gcp", "aws"), None, set(), set()),
        (("gcp", "gcp", "gcp"), ("aws", "gcp"), set(), {"dead-letters"}),
    ],
)
def test_only_what_runs_on_aws_is_watched_there(
    tmp_path: Path, tiers: tuple[str, ...], chain: Any, movers: set[str], kinds: set[str]
) -> None:
    layout = twin(tmp_path, *tiers, chain=chain)
    specs = alarm_specs(layout, NAMES, "aws")
    assert {spec.mover for spec in specs if spec.mover} == movers
    assert {spec.kind for spec in specs} == kinds
    expiring = twin(tmp_path, *tiers, chain=chain, archive_storage_size_in_days=400)
    own = {(EXPIRER, kind) for kind in OF_EXPIRER} if tiers[2] == "aws" else set()
    found = {(spec.mover, spec.kind) for spec in alarm_specs(expiring, NAMES, "aws")}
    assert {one for one in found if one[0] == EXPIRER} == own
    assert (("", "missed-starts") in found) == bool(movers or own)
    metrics = {(spec.metric, spec.dimensions) for spec in specs if spec.metric[0] == "l3kit"}
    size = watch_size(layout.layout, "aws")
    assert (size.alarms, size.metrics) == (len(specs), len(metrics))


@pytest.mark.parametrize(
    ("expression", "late", "partial"),
    [
        ("rate(1 minute)", (300, 7), (60, 2, 0)),
        ("rate(1 hour)", (3600, 3), (3600, 2, 0)),
        ("rate(1 day)", (3600, 26), (86_400, 2, 0)),
        ("cron(0 3 ? * MON-FRI *)", (3600, 74), (86_400, 6, 2)),
        ("rate(7 days)", None, (86_400, 1, 0)),
        ("cron(0 3 L * ? *)", None, (86_400, 1, 0)),
    ],
)
def test_periods_follow_the_schedule_and_what_cannot_be_watched_is_told(
    tmp_path: Path, expression: str, late: Any, partial: Any
) -> None:
    watched = twin(tmp_path, mover_schedule=expression)
    specs = by_kind(alarm_specs(watched, NAMES, "aws"))
    assert ((specs["late"].period, specs["late"].periods) if "late" in specs else None) == late
    assert (specs["partial-twice"].period, specs["partial-twice"].periods, specs["partial-twice"].breaching) == partial
    gaps = alarm_gaps(watched, "aws")
    assert bool(gaps) == (late is None)
    assert all(expression in gap for gap in gaps)


def test_a_mover_without_any_report_is_late_and_no_other_alarm_fires_without_data(tmp_path: Path) -> None:
    specs = alarm_specs(twin(tmp_path, chain=("aws", "aws")), NAMES, "aws")
    assert {spec.kind for spec in specs if spec.missing == "breaching"} == {"late"}


def test_each_kind_says_what_it_means_and_what_to_do_in_the_message_itself(tmp_path: Path) -> None:
    for spec in alarm_specs(twin(tmp_path, chain=("aws", "aws")), NAMES, "aws"):
        assert MEANINGS[spec.kind].meaning in spec.description
        assert MEANINGS[spec.kind].remedy in spec.description


def test_the_patterns_of_a_policy_cover_each_name_of_the_twin_and_none_of_another() -> None:
    patterns = alarm_patterns(NAMES)
    for name in all_alarm_names(NAMES):
        assert any(name == one or name.startswith(one.rstrip("*")) for one in patterns), name
    assert all(one.startswith("plant-") and one != "plant-*" for one in patterns)
