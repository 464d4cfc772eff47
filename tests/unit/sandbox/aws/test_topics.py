"""SNS in the gateway, asked by boto3's own client: parsed, confirmed, refused."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

import pytest
from aiohttp.test_utils import make_mocked_request
from botocore.loaders import Loader
from botocore.model import ServiceModel
from botocore.parsers import create_parser

from l3kit.sandbox.aws.topics import Topics, alarm_message
from l3kit.sandbox.upstream import BODY

ARN = "arn:aws:sns:us-east-1:123456789012:plant-alarms"
TAGS = {"Tags.member.1.Key": "l3kit:twin", "Tags.member.1.Value": "plant"}


class Sent:
    """Notes the messages instead of sending them."""

    def __init__(self) -> None:
        self.messages: list[tuple[str, Mapping[str, str]]] = []

    def send(self, address: str, message: Mapping[str, str]) -> None:
        self.messages.append((address, message))


@pytest.fixture
def sent() -> Sent:
    return Sent()


@pytest.fixture
def topics(sent: Sent) -> Topics:
    return Topics(sent, "http://127.0.0.1:1")  # type: ignore[arg-type]


def ask(topics: Topics, action: str, **form: str) -> dict[str, Any]:
    """Send a form and read the answer as botocore does."""
    request = make_mocked_request("POST", "/")
    request[BODY] = urlencode({"Action": action, **form}).encode()
    answer = asyncio.run(topics.handle(request))
    parser = create_parser("query")
    known = ServiceModel(Loader().load_service_model("sns", "service-2"))
    shape = known.operation_model(action).output_shape if action in known.operation_names else None
    body = answer.body if isinstance(answer.body, bytes) else b""
    parsed: dict[str, Any] = parser.parse({"status_code": answer.status, "headers": {}, "body": body}, shape)
    return parsed


def made(topics: Topics) -> Topics:
    assert ask(topics, "CreateTopic", Name="plant-alarms", **TAGS)["TopicArn"] == ARN
    return topics


def subscribe(topics: Topics, endpoint: str = "ops@example.com", protocol: str = "email") -> str:
    return str(ask(topics, "Subscribe", TopicArn=ARN, Protocol=protocol, Endpoint=endpoint)["SubscriptionArn"])


def listed(topics: Topics) -> list[tuple[str, str]]:
    found = ask(topics, "ListSubscriptionsByTopic", TopicArn=ARN)["Subscriptions"]
    return [(one["Endpoint"], one["SubscriptionArn"]) for one in found]


def confirm(topics: Topics, url: str) -> int:
    request = make_mocked_request("GET", url.removeprefix("http://127.0.0.1:1"))
    return asyncio.run(topics.confirm(request)).status


def test_a_topic_keeps_its_tags_and_is_not_taken_by_others(topics: Topics) -> None:
    made(topics)
    assert ask(topics, "ListTagsForResource", ResourceArn=ARN)["Tags"] == [{"Key": "l3kit:twin", "Value": "plant"}]
    other = ask(topics, "CreateTopic", Name="plant-alarms", **{**TAGS, "Tags.member.1.Value": "other"})
    assert other["Error"]["Code"] == "InvalidParameter"
    made(topics)  # the same again is no error


def test_a_subscription_waits_until_its_own_token_confirms_it(topics: Topics, sent: Sent) -> None:
    assert subscribe(made(topics)) == "pending confirmation"
    assert listed(topics) == [("ops@example.com", "PendingConfirmation")]
    topics.publish(ARN, "s", "m")
    ((address, message),) = sent.messages
    assert (address, message["Type"]) == ("ops@example.com", "SubscriptionConfirmation")
    url = message["SubscribeURL"]
    assert parse_qs(urlsplit(url).query)["Token"] == [message["Token"]]
    assert confirm(topics, url.replace(message["Token"], "0" * 64)) == 400
    assert confirm(topics, url) == 200
    (found,) = listed(topics)
    assert found[1].startswith(f"{ARN}:")
    topics.publish(ARN, "s", "m")
    assert (sent.messages[-1][0], sent.messages[-1][1]["Message"]) == ("ops@example.com", "m")


def test_subscribing_again_sends_the_request_again_until_it_is_confirmed(topics: Topics, sent: Sent) -> None:
    subscribe(made(topics))
    subscribe(topics)
    assert [message["Type"] for _, message in sent.messages] == ["SubscriptionConfirmation"] * 2
    confirm(topics, sent.messages[0][1]["SubscribeURL"])
    assert subscribe(topics).startswith(ARN)
    assert len(listed(topics)) == 1


def test_whoever_is_unsubscribed_gets_nothing_more(topics: Topics, sent: Sent) -> None:
    subscribe(made(topics))
    confirm(topics, sent.messages[0][1]["SubscribeURL"])
    ((_, arn),) = listed(topics)
    ask(topics, "Unsubscribe", SubscriptionArn=arn)
    topics.publish(ARN, "s", "m")
    assert (listed(topics), len(sent.messages)) == ([], 1)
    assert ask(topics, "Unsubscribe", SubscriptionArn=arn)["Error"]["Code"] == "NotFound"
    assert ask(topics, "Unsubscribe", SubscriptionArn="PendingConfirmation")["Error"]["Code"] == "InvalidParameter"


@pytest.mark.parametrize(
    ("action", "form", "code"),
    [
        ("ListTagsForResource", {"ResourceArn": ARN}, "ResourceNotFound"),
        ("ListSubscriptionsByTopic", {"TopicArn": ARN}, "NotFound"),
        ("Subscribe", {"TopicArn": ARN, "Protocol": "email", "Endpoint": "a@example.com"}, "NotFound"),
        ("Publish", {"TopicArn": ARN, "Message": "m"}, "InvalidAction"),
        ("", {}, "InvalidAction"),
    ],
)
def test_what_is_not_there_or_not_offered_is_refused(
    topics: Topics, action: str, form: dict[str, str], code: str
) -> None:
    assert ask(topics, action, **form)["Error"]["Code"] == code


def test_a_protocol_that_the_sandbox_lacks_is_refused(topics: Topics) -> None:
    refused = ask(made(topics), "Subscribe", TopicArn=ARN, Protocol="sms", Endpoint="+4366412345")
    assert refused["Error"]["Code"] == "InvalidParameter"


def test_a_topic_that_is_gone_takes_nothing_and_deleting_it_again_is_no_error(topics: Topics) -> None:
    subscribe(made(topics))
    for _ in range(2):
        assert "Error" not in ask(topics, "DeleteTopic", TopicArn=ARN)
    topics.publish(ARN, "s", "m")
    assert ask(topics, "ListTagsForResource", ResourceArn=ARN)["Error"]["Code"] == "ResourceNotFound"


def test_a_message_names_the_alarm_the_states_and_the_reason() -> None:
    alarm = {"AlarmName": "a", "AlarmDescription": "d", "StateValue": "OK", "AlarmArn": "arn"}
    subject, text = alarm_message(alarm, "ALARM", "why")
    assert subject == 'ALARM: "a" in us-east-1'
    for told in (
        '"NewStateValue": "ALARM"',
        '"OldStateValue": "OK"',
        '"NewStateReason": "why"',
        '"AlarmDescription": "d"',
    ):
        assert told in text
