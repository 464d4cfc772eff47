"""The condition operators of l3kit's own policies, as the IAM User Guide defines them; any other is refused."""

from __future__ import annotations

from typing import Any

import pytest

from l3kit.sandbox.aws.iam.conditions import ConditionError, all_hold, parse_conditions

CONTEXT = {
    "aws:securetransport": ("true",),
    "aws:sourcearn": ("arn:aws:iot:us-east-1:1:rule/a",),
    "iam:passedtoservice": ("lambda.amazonaws.com",),
}


@pytest.mark.parametrize(
    ("operator", "key", "values", "verdict"),
    [
        ("StringEquals", "iam:PassedToService", "lambda.amazonaws.com", True),
        ("StringEquals", "IAM:passedtoservice", ["x", "lambda.amazonaws.com"], True),
        ("StringEquals", "iam:PassedToService", "lambda.*", False),
        ("StringEquals", "iam:PassedToService", "LAMBDA.amazonaws.com", False),
        ("StringEquals", "aws:SourceAccount", "123456789012", False),
        ("Bool", "aws:SecureTransport", "false", False),
        ("Bool", "aws:SecureTransport", "True", True),
        ("Bool", "aws:SecureTransport", True, True),
        ("Bool", "s3:ObjectCreationOperation", False, False),
        ("Null", "s3:if-none-match", "true", True),
        ("Null", "s3:if-none-match", "false", False),
        ("Null", "aws:SecureTransport", True, False),
        ("Null", "aws:SecureTransport", "False", True),
        ("ArnLike", "AWS:SourceArn", "arn:aws:iot:us-east-1:1:rule/a", True),
        ("ArnLike", "AWS:SourceArn", "arn:aws:iot:*:1:rule/*", True),
        ("ArnLike", "AWS:SourceArn", "arn:aws:iot:*:rule/a", False),
        ("ArnLike", "AWS:SourceArn", "arn:aws:iot:us-east-1:1:rule/b", False),
    ],
)
def test_operators(operator: str, key: str, values: Any, verdict: bool) -> None:
    assert all_hold(parse_conditions({operator: {key: values}}), CONTEXT) is verdict


@pytest.mark.parametrize(
    "condition",
    [
        {"StringAlmost": {"aws:SourceAccount": "x"}},
        {"StringLike": {"aws:SourceAccount": "x"}},
        {"StringEqualsIfExists": {"aws:SourceAccount": "x"}},
        {"ForAllValues:StringEquals": {"aws:SourceAccount": "x"}},
        {"Null": {"s3:if-none-match": "perhaps"}},
        {"Null": {"s3:if-none-match": ["true", "false"]}},
        {"Bool": {"aws:SecureTransport": "yes"}},
        {"StringEquals": {"aws:ResourceTag/owner": "ann"}},
        {"StringEquals": {"aws:SourceAccount": "${aws:PrincipalAccount}"}},
        {"StringEquals": {"aws:SourceAccount": [{}]}},
        {"StringEquals": {"aws:SourceAccount": []}},
        {"StringEquals": "x"},
        "x",
    ],
)
def test_what_cannot_be_judged_is_refused(condition: Any) -> None:
    with pytest.raises(ConditionError):
        parse_conditions(condition)
