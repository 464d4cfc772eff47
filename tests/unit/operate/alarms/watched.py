"""Twins whose AWS answers what is prepared, for plans and answers about alarms."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from l3kit.clouds.aws.cloud import AwsCloud
from l3kit.clouds.aws.session import AwsSession
from l3kit.session import Session
from l3kit.twin.config import Twin
from tests.integration.aws.conftest import write_twin
from tests.support.slow_aws import ACCOUNT, Client
from tests.unit.clouds.aws.control.test_alarms import OURS, Pages

SINCE = datetime(2026, 3, 1, tzinfo=UTC)
TOPIC = f"arn:aws:sns:us-east-1:{ACCOUNT}:plant-alarms"


def twin(folder: Path, *tiers: str, **config: Any) -> Twin:
    write_twin(folder, "plant", *(tiers or ("aws",) * 3), devices=["d"], **config)
    return Twin.load(folder)


def session(cloudwatch: Client, sns: Client) -> Session:
    clients: dict[Any, Any] = {("cloudwatch", 60.0, 6): cloudwatch, ("sns", 60.0, 6): sns}
    return Session("live", {"aws": AwsCloud(AwsSession("us-east-1", ACCOUNT, None, None, clients))})


def there(**states: str) -> Client:
    """CloudWatch with alarms in these states, by the end of their names with underscores."""
    found = [
        {"AlarmName": f"plant-{name.replace('_', '-')}", "AlarmArn": f"arn:{name}", "StateValue": state,
         "StateReason": f"reason of {name}", "StateUpdatedTimestamp": SINCE}
        for name, state in states.items()
    ]  # fmt: skip
    return Pages(describe_alarms=[{"MetricAlarms": found}], list_tags_for_resource=[OURS])


def subscribed(**endpoints: str) -> Client:
    """SNS with these subscriptions: address by ARN."""
    listed = [{"Endpoint": address, "SubscriptionArn": arn} for arn, address in endpoints.items()]
    return Pages(list_subscriptions_by_topic=[{"Subscriptions": listed}])
