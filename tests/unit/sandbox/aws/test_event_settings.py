from __future__ import annotations

from typing import Any

import pytest

from l3kit.sandbox.aws.event_settings import read_settings
from l3kit.sandbox.aws.function_record import EventSettings, InvalidFunctionError

BUCKET = "arn:aws:s3:::letters"
FAILURE = {"OnFailure": {"Destination": BUCKET}}


def test_settings_are_read_over_those_that_are_there() -> None:
    before = EventSettings(1, 100, BUCKET)
    assert read_settings({"MaximumRetryAttempts": 0}, before) == EventSettings(0, 100, BUCKET)
    assert read_settings({"DestinationConfig": FAILURE}, EventSettings()) == EventSettings(2, 21_600, BUCKET)
    assert read_settings({"DestinationConfig": {}}, before) == EventSettings(1, 100, "")


@pytest.mark.parametrize(
    ("body", "named"),
    [
        ([], "not an object"),
        ({"Other": 1}, "Other"),
        ({"MaximumRetryAttempts": 3}, "MaximumRetryAttempts"),
        ({"MaximumEventAgeInSeconds": 59}, "MaximumEventAgeInSeconds"),
        ({"DestinationConfig": {"OnSuccess": {"Destination": BUCKET}}}, "OnSuccess"),
        ({"DestinationConfig": {"OnFailure": {"Destination": "arn:aws:sqs:us-east-1:1:q"}}}, "S3 buckets"),
    ],
)
def test_what_is_not_offered_is_refused_by_name(body: Any, named: str) -> None:
    with pytest.raises(InvalidFunctionError, match=named):
        read_settings(body, EventSettings())
