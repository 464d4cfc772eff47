"""Condition operators as the IAM User Guide defines them."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from l3kit.sandbox.aws.iam.conditions import ConditionError, all_hold, parse_conditions

NOW = "2026-11-28T12:00:00Z"
CONTEXT = {
    "aws:currenttime": (NOW,),
    "aws:epochtime": ("1795867200",),
    "aws:sourceip": ("127.0.0.1",),
    "aws:securetransport": ("true",),
    "aws:username": ("ann*",),
    "aws:principalarn": ("arn:aws:iam::123456789012:role/mover",),
    "s3:prefix": ("devices/ann",),
    "s3:max-keys": ("10",),
    "aws:calledvia": ("a.amazonaws.com", "b.amazonaws.com"),
}


def holds(operator: str, key: str, values: Any) -> bool:
    return all_hold(parse_conditions({operator: {key: values}}), CONTEXT)


@pytest.mark.parametrize(
    ("operator", "key", "values", "verdict"),
    [
        ("StringEquals", "s3:prefix", "devices/ann", True),
        ("StringEquals", "S3:Prefix", ["x", "devices/ann"], True),
        ("StringEquals", "s3:prefix", "devices/*", False),
        ("StringNotEquals", "s3:prefix", ["x", "devices/ann"], False),
        ("StringEqualsIgnoreCase", "s3:prefix", "DEVICES/ANN", True),
        ("StringNotEqualsIgnoreCase", "s3:prefix", "DEVICES/ANN", False),
        ("StringLike", "s3:prefix", "devices/?nn", True),
        ("StringNotLike", "s3:prefix", "devices/*", False),
        ("StringLike", "s3:prefix", "devices/${aws:username}", False),
        ("StringEquals", "aws:username", "ann${*}", True),
        ("StringLike", "aws:username", "ann${*}", True),
        ("StringLike", "aws:username", "ann${?}", False),
        ("StringEquals", "s3:prefix", "devices/${s3:delimiter, 'ann'}", True),
        ("StringEquals", "s3:prefix", "${s3:delimiter}", False),
        ("ArnLike", "aws:PrincipalArn", "arn:aws:iam::*:role/mov*", True),
        ("ArnEquals", "aws:PrincipalArn", "arn:aws:iam::*:role/mover", True),
        ("ArnNotLike", "aws:PrincipalArn", "arn:aws:iam::*:role/mov*", False),
        ("Bool", "aws:SecureTransport", "false", False),
        ("Bool", "aws:SecureTransport", True, True),
        ("NumericLessThan", "s3:max-keys", 11, True),
        ("NumericGreaterThanEquals", "s3:max-keys", "10.0", True),
        ("NumericNotEquals", "s3:max-keys", "10", False),
        ("DateLessThan", "aws:CurrentTime", "2026-11-28T12:00:01Z", True),
        ("DateGreaterThan", "aws:CurrentTime", "2026-11-28T14:00:00+01:00", False),
        ("DateEquals", "aws:CurrentTime", "2026-11-28T13:00:00+01:00", True),
        ("DateGreaterThan", "aws:EpochTime", "2026-11-28T11:59:59Z", True),
        ("NumericGreaterThan", "aws:EpochTime", 1795867199, True),
        ("IpAddress", "aws:SourceIp", ["10.0.0.0/8", "127.0.0.0/8"], True),
        ("NotIpAddress", "aws:SourceIp", "127.0.0.1/32", False),
        ("Null", "s3:if-none-match", "true", True),
        ("Null", "s3:prefix", True, False),
        ("StringEquals", "aws:SourceVpce", "vpce-1", False),
        ("StringNotEquals", "aws:SourceVpce", "vpce-1", True),
        ("StringEqualsIfExists", "aws:SourceVpce", "vpce-1", True),
        ("StringEqualsIfExists", "s3:prefix", "x", False),
        ("ForAllValues:StringEquals", "aws:CalledVia", ["a.amazonaws.com"], False),
        ("ForAllValues:StringLike", "aws:CalledVia", ["*.amazonaws.com"], True),
        ("ForAllValues:StringEquals", "aws:SourceVpce", "x", True),
        ("ForAnyValue:StringEquals", "aws:CalledVia", ["a.amazonaws.com"], True),
        ("ForAnyValue:StringNotEquals", "aws:CalledVia", ["a.amazonaws.com"], True),
        ("ForAnyValue:StringEquals", "aws:SourceVpce", "x", False),
    ],
)
def test_operators(operator: str, key: str, values: Any, verdict: bool) -> None:
    assert holds(operator, key, values) is verdict


@pytest.mark.parametrize(
    "condition",
    [
        {"StringAlmost": {"s3:prefix": "x"}},
        {"IfExists": {"s3:prefix": "x"}},
        {"ForSomeValues:StringEquals": {"s3:prefix": "x"}},
        {"NullIfExists": {"s3:prefix": "true"}},
        {"Null": {"s3:prefix": "perhaps"}},
        {"Bool": {"aws:SecureTransport": "yes"}},
        {"NumericLessThan": {"s3:max-keys": "ten"}},
        {"DateLessThan": {"aws:CurrentTime": "tomorrow"}},
        {"IpAddress": {"aws:SourceIp": "localhost"}},
        {"StringEquals": {"aws:ResourceTag/owner": "ann"}},
        {"StringEquals": {"s3:prefix": "${aws:PrincipalTag/team}"}},
        {"StringEquals": {"s3:prefix": [{}]}},
        {"StringEquals": "x"},
        "x",
    ],
)
def test_what_cannot_be_judged_is_refused(condition: Any) -> None:
    with pytest.raises(ConditionError):
        parse_conditions(condition)


@given(st.sampled_from(["a", "b", "*"]), st.lists(st.sampled_from(["a", "b", "c"]), min_size=1, max_size=3))
def test_a_negated_operator_is_the_contrary_for_a_key_that_is_there(actual: str, wanted: list[str]) -> None:
    context = {"s3:prefix": (actual,)}
    pairs = (("StringEquals", "StringNotEquals"), ("StringLike", "StringNotLike"))
    for one, contrary in pairs:
        verdicts = [all_hold(parse_conditions({name: {"s3:prefix": wanted}}), context) for name in (one, contrary)]
        assert verdicts[0] is not verdicts[1]
