"""The topic of the alarms: who is subscribed, who waits, and who is not to be told any more."""

from __future__ import annotations

from typing import Any

from l3kit.clouds.aws.control.topics import Topic, protocol_of
from tests.support.slow_aws import ACCOUNT, Client, context, refusal
from tests.unit.clouds.aws.control.forms import problems_with
from tests.unit.clouds.aws.control.test_alarms import OURS, Pages

ARN = f"arn:aws:sns:us-east-1:{ACCOUNT}:plant-alarms"
OPS, HOOK = "ops@example.com", "https://events.example.com/KEY"


def subscription(endpoint: str, arn: str = f"{ARN}:1") -> dict[str, str]:
    return {"Endpoint": endpoint, "SubscriptionArn": arn, "Protocol": protocol_of(endpoint), "TopicArn": ARN}


def topic(client: Client, *addresses: str) -> Topic:
    where, _ = context("sns", client)
    return Topic(where, "plant-alarms", addresses)


def with_subscribers(*there: dict[str, str], tags: Any = OURS) -> Pages:
    return Pages(list_subscriptions_by_topic=[{"Subscriptions": list(there)}], list_tags_for_resource=[tags])


def test_addresses_that_are_subscribed_or_wait_are_left_alone_in_whatever_case() -> None:
    client = with_subscribers(subscription("OPS@example.com"), subscription(HOOK, "PendingConfirmation"))
    finding = topic(client, OPS, HOOK).compare()
    assert (finding.exists, finding.owned, finding.differences) == (True, True, ())


def test_who_is_missing_is_subscribed_and_who_is_not_in_notify_any_more_is_unsubscribed() -> None:
    client = with_subscribers(subscription("former@example.com"))
    made = topic(client, OPS, HOOK)
    finding = made.compare()
    (words,) = finding.differences
    assert f"{OPS} is not subscribed" in words
    assert "former@example.com is subscribed and is not in notify" in words
    assert "KEY" not in words + "".join(map(str, finding.changes))
    assert [str(one)[0] for one in finding.changes] == ["-", "+", "+"]
    made.update()
    assert client.calls.count("subscribe") == 2
    assert client.given["subscribe"] == {"TopicArn": ARN, "Protocol": "https", "Endpoint": HOOK}
    assert client.given["unsubscribe"] == {"SubscriptionArn": f"{ARN}:1"}
    for operation in ("Subscribe", "Unsubscribe"):
        assert problems_with("sns", operation, client.given[operation.lower()]) == ""


def test_one_that_waits_and_is_not_wanted_any_more_is_left_to_sns_which_forgets_it() -> None:
    client = with_subscribers(subscription("former@example.com", "PendingConfirmation"))
    assert topic(client).compare().differences == ()
    topic(client).update()
    assert "unsubscribe" not in client.calls


def test_a_subscription_that_is_gone_meanwhile_is_no_error() -> None:
    client = with_subscribers(subscription("former@example.com"))
    client._answers["unsubscribe"] = [refusal("Unsubscribe", "NotFound")]
    topic(client).update()


def test_a_missing_topic_is_made_with_the_tag_and_its_subscribers() -> None:
    client = Pages(list_tags_for_resource=[refusal("ListTagsForResource", "ResourceNotFound")],
                   list_subscriptions_by_topic=[refusal("ListSubscriptionsByTopic", "NotFound")])  # fmt: skip
    made = topic(client, OPS)
    finding = made.compare()
    assert not finding.exists
    assert [str(one) for one in finding.changes] == [f"+ subscriber  {OPS}"]
    made.create()
    assert client.given["subscribe"]["Endpoint"] == OPS
    assert problems_with("sns", "CreateTopic", client.given["create_topic"]) == ""
    assert {"Key": "l3kit:twin", "Value": "plant"} in client.given["create_topic"]["Tags"]


def test_somebody_elses_topic_is_not_ours() -> None:
    assert not topic(with_subscribers(tags={"Tags": []}), OPS).compare().owned


def test_a_loopback_address_is_refused_on_a_real_account_before_anything_is_made() -> None:
    finding = topic(with_subscribers(), "http://127.0.0.1:8080/KEY").compare()
    assert finding.fault is not None
    assert "SNS cannot reach http://127.0.0.1:8080/..." in str(finding.fault)
    assert "KEY" not in str(finding.fault)
