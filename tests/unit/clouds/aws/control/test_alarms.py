"""CloudWatch alarms: compared, put whole, never taken from somebody else."""

from __future__ import annotations

from typing import Any

import pytest

from l3kit.clouds.aws.control.alarm_specs import AlarmSpec
from l3kit.clouds.aws.control.alarms import LeftOverAlarms, MetricAlarm
from tests.support.slow_aws import ACCOUNT, Client, context, refusal
from tests.unit.clouds.aws.control.forms import problems_with

NAME = "plant-hot-to-cold-mover-failed"
ARN = f"arn:aws:cloudwatch:us-east-1:{ACCOUNT}:alarm:{NAME}"
TOPIC = f"arn:aws:sns:us-east-1:{ACCOUNT}:plant-alarms"
DIMENSIONS = (("twin", "plant"), ("mover", "hot-to-cold-mover"))
SPEC = AlarmSpec(
    NAME, "failed", "hot-to-cold-mover", ("l3kit", "Severity"), DIMENSIONS, "Maximum",
    "GreaterThanOrEqualToThreshold", 2.0, 60, "ignore",
)  # fmt: skip
LATE = AlarmSpec(
    f"{NAME}-late", "late", "hot-to-cold-mover", ("l3kit", "Severity"), DIMENSIONS, "SampleCount",
    "LessThanThreshold", 1.0, 3600, "breaching", 26,
)  # fmt: skip
OURS = {"Tags": [{"Key": "l3kit:twin", "Value": "plant"}]}


class Pages(Client):
    """With a paginator, which gives the prepared answer of `describe_alarms`."""

    def get_paginator(self, operation: str) -> Any:
        call = getattr(self, operation)

        class One:
            def paginate(self, **given: Any) -> list[Any]:
                return [call(**given)]

        return One()


def there(**changed: Any) -> dict[str, Any]:
    as_made = {**SPEC.parameters(), "AlarmArn": ARN, "AlarmActions": [TOPIC], "OKActions": [TOPIC]}
    return {**as_made, "InsufficientDataActions": [], "ActionsEnabled": True, **changed}


def alarm(client: Client, spec: AlarmSpec = SPEC) -> MetricAlarm:
    where, _ = context("cloudwatch", client)
    return MetricAlarm(where, spec, "plant-alarms")


def answering(found: dict[str, Any] | None, tags: Any = OURS) -> Pages:
    return Pages(describe_alarms=[{"MetricAlarms": [found] if found else []}], list_tags_for_resource=[tags])


def test_an_alarm_as_it_should_be_is_left_alone() -> None:
    finding = alarm(answering(there())).compare()
    assert (finding.exists, finding.owned, finding.differences) == (True, True, ())
    reordered = there(Dimensions=list(reversed(there()["Dimensions"])))
    del reordered["DatapointsToAlarm"]  # CloudWatch leaves out what is the default
    assert alarm(answering(reordered)).compare().differences == ()
    assert not alarm(answering(None)).compare().exists


@pytest.mark.parametrize(
    ("changed", "told"),
    [
        ({"Threshold": 1.0}, "its threshold differs"),
        ({"ActionsEnabled": False}, "its notification differs"),
        ({"AlarmActions": []}, "its topic for trouble differs"),
        ({"OKActions": []}, "its topic for its end differs"),
        ({"InsufficientDataActions": [TOPIC]}, "its topic for missing data differs"),
        ({"TreatMissingData": "breaching"}, "its missing data differs"),
        ({"Dimensions": []}, "its dimensions differs"),
        ({"Period": 300}, "its period differs"),
    ],
)
def test_whatever_differs_is_told_and_put_right_whole(changed: dict[str, Any], told: str) -> None:
    client = answering(there(**changed))
    made = alarm(client)
    assert made.compare().differences == (told,)
    made.update()
    given = client.given["put_metric_alarm"]
    assert problems_with("cloudwatch", "PutMetricAlarm", given) == ""
    assert {key: given[key] for key in changed} == {key: there()[key] for key in changed}


def test_an_alarm_of_several_metrics_or_alarms_under_the_name_is_seen() -> None:
    math = {"AlarmName": NAME, "AlarmArn": ARN, "Metrics": [{"Id": "m"}]}
    assert alarm(answering(math)).compare().differences == ("it looks at more or other than one metric",)
    composite = Pages(describe_alarms=[{"CompositeAlarms": [math]}], list_tags_for_resource=[{"Tags": []}])
    finding = alarm(composite).compare()
    assert (finding.exists, finding.owned) == (True, False)


@pytest.mark.parametrize("tags", [{"Tags": []}, {"Tags": [{"Key": "l3kit:twin", "Value": "other"}]}])
def test_an_alarm_without_the_twins_tag_is_somebody_elses(tags: Any) -> None:
    assert not alarm(answering(there(), tags)).compare().owned


def test_the_start_of_the_watch_is_noted_for_the_alarm_that_fires_without_data_and_before_it() -> None:
    client = answering(None)
    alarm(client, LATE).create()
    assert client.calls == ["put_metric_data", "put_metric_alarm"]
    given = client.given["put_metric_data"]
    assert problems_with("cloudwatch", "PutMetricData", given) == ""
    assert given["MetricData"][0]["Dimensions"] == LATE.parameters()["Dimensions"]
    other = answering(None)
    alarm(other).create()
    assert other.calls == ["put_metric_alarm"]


def test_an_alarm_that_is_gone_is_no_error() -> None:
    client = Pages(delete_alarms=[refusal("DeleteAlarms", "ResourceNotFound")])
    alarm(client).delete()
    assert problems_with("cloudwatch", "DeleteAlarms", client.given["delete_alarms"]) == ""


def test_of_what_is_left_over_only_the_twins_own_is_removed_and_nothing_without_any() -> None:
    foreign = {"AlarmName": "plant-dead-letters", "AlarmArn": "arn:other"}
    client = Pages(
        describe_alarms=[{"MetricAlarms": [there(), foreign]}],
        list_tags_for_resource=[OURS, {"Tags": []}, OURS, {"Tags": []}],
    )
    where, _ = context("cloudwatch", client)
    left = LeftOverAlarms(where, (NAME, "plant-dead-letters"))
    assert left.compare().exists
    left.delete()
    assert client.given["delete_alarms"] == {"AlarmNames": [NAME]}
    nothing = answering(None)
    where, _ = context("cloudwatch", nothing)
    LeftOverAlarms(where, (NAME,)).delete()
    assert "delete_alarms" not in nothing.calls
