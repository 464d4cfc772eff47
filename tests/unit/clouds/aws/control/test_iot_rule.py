"""The topic rule: what it says, what of it is compared, and IoT's odd answers."""

from __future__ import annotations

import json
from typing import Any

import pytest

from l3kit.clouds.aws.control.iot_rule import SQL, TopicRule
from l3kit.clouds.ports.resources import AlreadyThereError
from l3kit.errors import PermissionMissingError, ProvisioningError
from tests.support.slow_aws import ACCOUNT, Client, Time, context, refusal

NAME = "l3kit_plant_telemetry"
ARN = f"arn:aws:iot:us-east-1:{ACCOUNT}:rule/{NAME}"
DISPATCHER = f"arn:aws:lambda:us-east-1:{ACCOUNT}:function:plant-dispatcher"
OURS = {"tags": [{"Key": "l3kit:twin", "Value": "plant"}]}
HIDDEN = refusal("GetTopicRule", "UnauthorizedException", f"Access to topic rule '{NAME}' was denied")
MISSING = refusal("GetPolicy", "ResourceNotFoundException")
RULE: dict[str, Any] = {
    "ruleName": NAME,
    "sql": SQL.format(topics="plant/+/telemetry"),
    "awsIotSqlVersion": "2016-03-23",
    "ruleDisabled": False,
    "actions": [{"lambda": {"functionArn": DISPATCHER}}],
    "errorAction": {
        "s3": {
            "roleArn": f"arn:aws:iam::{ACCOUNT}:role/plant-topic-rule",
            "bucketName": "plant-dead-letters",
            "key": 'aws/iot/${parse_time("yyyy/MM/dd", timestamp())}/${newuuid()}.json',
        }
    },
}
RIGHT: dict[str, Any] = {
    "Sid": "IotRule",
    "Effect": "Allow",
    "Principal": {"Service": "iot.amazonaws.com"},
    "Action": "lambda:InvokeFunction",
    "Resource": DISPATCHER,
    "Condition": {"StringEquals": {"AWS:SourceAccount": ACCOUNT}, "ArnLike": {"AWS:SourceArn": ARN}},
}


def policy(*statements: dict[str, Any]) -> dict[str, str]:
    return {"Policy": json.dumps({"Statement": statements})}


def rule(iot: Client, functions: Client) -> tuple[TopicRule, Time]:
    where, time = context("iot", iot, **{"lambda": functions})
    iot.get_paginator = lambda operation: Pages(iot)  # type: ignore[attr-defined]
    made = TopicRule(where, NAME, "plant/+/telemetry", "plant-dispatcher", "plant-dead-letters", "plant-topic-rule")
    return made, time


class Pages:
    def __init__(self, iot: Client) -> None:
        self._iot = iot

    def paginate(self) -> list[Any]:
        return [{"rules": []}, self._iot.list_topic_rules()]


def there(*, tags: Any = OURS, **changed: Any) -> Client:
    return Client(get_topic_rule=[{"ruleArn": ARN, "rule": {**RULE, **changed}}], list_tags_for_resource=[tags])


def test_the_sql_hands_the_payload_on_as_bytes_with_topic_client_and_time() -> None:
    assert RULE["sql"] == (
        "SELECT encode(*, 'base64') AS payload, topic() AS topic, clientid() AS client, timestamp() AS received "
        "FROM 'plant/+/telemetry'"
    )


def test_a_rule_as_it_should_be_is_left_alone() -> None:
    made, _ = rule(there(), Client(get_policy=[policy(RIGHT)]))
    finding = made.compare()
    assert (finding.exists, finding.owned, finding.differences) == (True, True, ())


@pytest.mark.parametrize(
    ("changed", "told"),
    [
        ({"ruleDisabled": True}, "it is disabled"),
        ({"sql": "SELECT * FROM '#'"}, "its SQL differs"),
        ({"awsIotSqlVersion": "2015-10-08"}, "its SQL differs"),
        ({"actions": [*RULE["actions"], {"s3": {}}]}, "it does more or other than invoke plant-dispatcher"),
        ({"errorAction": {}}, "undelivered messages do not go to plant-dead-letters"),
    ],
)
def test_a_changed_rule_is_told_in_words_and_replaced(changed: dict[str, Any], told: str) -> None:
    iot = there(**changed)
    made, _ = rule(iot, Client(get_policy=[policy(RIGHT)]))
    assert made.compare().differences == (told,)
    made.update()
    payload = iot.given["replace_topic_rule"]["topicRulePayload"]
    assert {key: payload[key] for key in RULE if key in payload} == {k: v for k, v in RULE.items() if k != "ruleName"}


STRANGE = {**RIGHT, "Condition": {"ArnLike": {"AWS:SourceArn": ARN}}}
PUBLIC = {"Sid": "open", "Effect": "Allow", "Principal": "*", "Action": "lambda:InvokeFunction"}


@pytest.mark.parametrize(
    ("answer", "told", "withdrawn"),
    [
        (MISSING, "it is not allowed to invoke plant-dispatcher", None),
        (policy(STRANGE), "its permission to invoke plant-dispatcher differs", "IotRule"),
        (policy(RIGHT, PUBLIC), "plant-dispatcher has further permissions: open", "open"),
    ],
)
def test_only_this_rule_of_this_account_may_invoke_the_dispatcher(
    answer: Any, told: str, withdrawn: str | None
) -> None:
    iot, functions = there(), Client(get_policy=[answer, answer, policy()])
    made, _ = rule(iot, functions)
    assert made.compare().differences == (told,)
    made.update()
    assert functions.given.get("remove_permission", {}).get("StatementId") == withdrawn
    assert functions.given["add_permission"] == {
        "FunctionName": "plant-dispatcher",
        "StatementId": "IotRule",
        "Action": "lambda:InvokeFunction",
        "Principal": "iot.amazonaws.com",
        "SourceArn": ARN,
        "SourceAccount": ACCOUNT,
    }
    assert "replace_topic_rule" not in iot.calls


def test_a_rule_without_the_twins_tag_is_not_ours() -> None:
    made, _ = rule(there(tags={"tags": []}), Client(get_policy=[policy(RIGHT)]))
    assert not made.compare().owned


def test_the_tags_come_with_the_rule_so_that_no_kill_leaves_it_without_an_owner() -> None:
    iot, functions = Client(), Client(get_policy=[MISSING])
    rule(iot, functions)[0].create()
    assert iot.given["create_topic_rule"]["tags"] == "l3kit:twin=plant&l3kit:managed=true"
    assert functions.calls[-1] == "add_permission"


def test_a_rule_of_that_name_that_is_there_already_is_not_replaced_by_create() -> None:
    iot = Client(create_topic_rule=[refusal("CreateTopicRule", "ResourceAlreadyExistsException")])
    with pytest.raises(AlreadyThereError):
        rule(iot, Client(get_policy=[policy(RIGHT)]))[0].create()


def test_a_hidden_rule_is_missing_if_it_is_not_listed_and_forbidden_if_it_is() -> None:
    """IoT answers UnauthorizedException in both cases."""
    functions = Client(get_policy=[MISSING])
    missing, _ = rule(Client(get_topic_rule=[HIDDEN], list_topic_rules=[{"rules": [{"ruleName": "x"}]}]), functions)
    assert not missing.compare().exists
    hidden, _ = rule(Client(get_topic_rule=[HIDDEN], list_topic_rules=[{"rules": [{"ruleName": NAME}]}]), functions)
    with pytest.raises(PermissionMissingError, match="GetTopicRule is not allowed"):
        hidden.compare()


@pytest.mark.parametrize("code", ["UnauthorizedException", "ResourceNotFoundException"])
def test_a_rule_whose_removal_was_not_answered_is_gone_all_the_same(code: str) -> None:
    iot = Client(delete_topic_rule=[refusal("DeleteTopicRule", code)], list_topic_rules=[{"rules": []}])
    rule(iot, Client())[0].delete()
    assert "delete_topic_rule" in iot.calls


def test_a_rule_that_may_not_be_removed_is_told() -> None:
    refused = refusal("DeleteTopicRule", "UnauthorizedException", "no")
    iot = Client(delete_topic_rule=[refused], list_topic_rules=[{"rules": [{"ruleName": NAME}]}])
    with pytest.raises(ProvisioningError, match="DeleteTopicRule"):
        rule(iot, Client())[0].delete()


def test_creation_waits_until_iot_can_assume_the_new_role() -> None:
    message = "AWS IoT (iot.amazonaws.com) is unable to assume role (sts:AssumeRole) on resource: arn. Try again."
    early = refusal("CreateTopicRule", "InvalidRequestException", message)
    iot = Client(create_topic_rule=[early, early, {}])
    made, time = rule(iot, Client(get_policy=[policy(RIGHT)]))
    made.create()
    assert iot.calls.count("create_topic_rule") == 3
    assert time.now > 0
