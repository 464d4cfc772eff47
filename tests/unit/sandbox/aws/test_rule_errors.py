from __future__ import annotations

from typing import Any

import pytest

from l3kit.sandbox.aws.rule_errors import DATE, UNIQUE, read_error_action

S3 = {"roleArn": "r", "bucketName": "b", "key": f"aws/iot/{DATE}/{UNIQUE}.json"}


def test_an_action_is_read_and_described_alike() -> None:
    action = read_error_action({"s3": S3})
    assert action is not None
    assert action.to_json() == {"s3": S3}
    assert read_error_action(None) is None


@pytest.mark.parametrize(
    "told", [{"sqs": {}}, {"s3": {**S3, "cannedAcl": "private"}}, {"s3": {**S3, "key": "${topic()}"}}, {"s3": "x"}, "x"]
)
def test_what_is_not_offered_is_refused(told: Any) -> None:
    with pytest.raises(ValueError, match="The l3kit sandbox"):
        read_error_action(told)
