"""The rules of a bucket, told one by one."""

from __future__ import annotations

from l3kit.clouds.aws.control.bucket_rules import bucket_policy, lifecycle, lifecycle_texts, policy_texts
from l3kit.clouds.ports.changes import list_changes


def test_statements_and_rules_of_a_bucket_come_and_go() -> None:
    there, wanted = bucket_policy("b", written_by_aws=True), bucket_policy("b", written_by_aws=False)
    (comes,) = list_changes("policy", policy_texts(there), policy_texts(wanted))
    assert str(comes).startswith('+ policy  {"Action":"s3:PutObject",')
    rules = lifecycle()["Rules"]
    changed = [{**rules[0], "Expiration": {"Days": 9}}, *rules[1:]]
    assert [str(one) for one in list_changes("lifecycle", lifecycle_texts(changed), lifecycle_texts(rules))] == [
        "- lifecycle  rule l3kit-parts, status Enabled, prefix _l3kit/parts/, days 9",
        "+ lifecycle  rule l3kit-parts, status Enabled, prefix _l3kit/parts/, days 2",
    ]


def test_no_rule_of_a_bucket_ever_removes_a_chunk_or_a_record_of_what_expired() -> None:
    for rule in lifecycle()["Rules"]:
        if "Days" in rule.get("Expiration", {}):
            assert rule["Filter"]["Prefix"] in ("_l3kit/parts/", "_l3kit/reports/")
        assert not rule.get("Transitions")
