"""SNS in the gateway: topics, and subscriptions that wait for confirmation, unlike moto's."""

from __future__ import annotations

import json
import secrets
import uuid
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from xml.sax.saxutils import escape

from aiohttp import web

from l3kit.sandbox.aws.account import ACCOUNT_ID, REGION
from l3kit.sandbox.aws.iam.refusals import query_error
from l3kit.sandbox.aws.notifications import Notifications
from l3kit.sandbox.aws.query_forms import form_of, members

CONFIRM_PATH = "/_sandbox/confirm"
PROTOCOLS = frozenset(("email", "http", "https"))
PENDING = "PendingConfirmation"
NAMESPACE = "http://sns.amazonaws.com/doc/2010-03-31/"


@dataclass(slots=True)
class Subscription:
    """One subscription. `token` confirms it."""

    arn: str
    protocol: str
    endpoint: str
    token: str
    confirmed: bool = False


@dataclass(slots=True)
class Topic:
    """One topic, its subscriptions by endpoint."""

    arn: str
    tags: dict[str, str]
    subscriptions: dict[str, Subscription] = field(default_factory=dict)


class TopicRefusedError(Exception):
    """Refusal by SNS: status, code and message."""

    def __init__(self, status: int, code: str, message: str) -> None:
        super().__init__(message)
        self.status, self.code, self.message = status, code, message


class Topics:
    """The topics of the account, their API and their messages.

    Args:
        endpoint: the gateway's address, which confirms subscriptions.
    """

    def __init__(self, notifications: Notifications, endpoint: str) -> None:
        self._notifications = notifications
        self._endpoint = endpoint
        self._topics: dict[str, Topic] = {}
        self._operations: Mapping[str, Callable[[Mapping[str, str]], str]] = {
            "CreateTopic": self._create,
            "DeleteTopic": self._delete,
            "ListTagsForResource": self._tags,
            "Subscribe": self._subscribe,
            "Unsubscribe": self._unsubscribe,
            "ListSubscriptionsByTopic": self._list,
            "ConfirmSubscription": self._confirm,
        }

    async def handle(self, request: web.Request) -> web.Response:
        """Answer a request signed for SNS."""
        form = await form_of(request)
        name = form.get("Action", "")
        operation = self._operations.get(name)
        if operation is None:
            return query_error(400, "InvalidAction", f"The l3kit sandbox does not offer {name or 'a nameless action'}")
        try:
            result = operation(form)
        except TopicRefusedError as refusal:
            return query_error(refusal.status, refusal.code, refusal.message)
        text = (
            f'<{name}Response xmlns="{NAMESPACE}"><{name}Result>{result}</{name}Result>'
            f"<ResponseMetadata><RequestId>{uuid.uuid4()}</RequestId></ResponseMetadata></{name}Response>"
        )
        return web.Response(text=text, content_type="text/xml")

    async def confirm(self, request: web.Request) -> web.Response:
        """GET /_sandbox/confirm?TopicArn=..&Token=..: the target of a message's SubscribeURL."""
        try:
            self._confirm(request.query)
        except TopicRefusedError as refusal:
            return web.Response(status=refusal.status, text=f"{refusal.message}\n")
        return web.Response(text="The subscription is confirmed.\n")

    def publish(self, arn: str, subject: str, message: str) -> None:
        """Send a message to all confirmed subscribers; to none if the topic is gone."""
        topic = self._topics.get(arn)
        for one in topic.subscriptions.values() if topic else ():
            if one.confirmed:
                note = _message("Notification", arn, message) | {"Subject": subject}
                self._notifications.send(one.endpoint, note)

    def _create(self, form: Mapping[str, str]) -> str:
        arn = f"arn:aws:sns:{REGION}:{ACCOUNT_ID}:{form.get('Name', '')}"
        tags = {one["Key"]: one.get("Value", "") for one in members(form, "Tags")}
        there = self._topics.get(arn)
        if there is not None and tags and tags != there.tags:
            cause = "Invalid parameter: Tags Reason: Topic already exists with different tags"
            raise TopicRefusedError(400, "InvalidParameter", cause)
        self._topics.setdefault(arn, Topic(arn, tags))
        return f"<TopicArn>{escape(arn)}</TopicArn>"

    def _delete(self, form: Mapping[str, str]) -> str:
        self._topics.pop(form.get("TopicArn", ""), None)
        return ""

    def _tags(self, form: Mapping[str, str]) -> str:
        topic = self._topics.get(form.get("ResourceArn", ""))
        if topic is None:
            raise TopicRefusedError(404, "ResourceNotFound", "Resource does not exist")
        tags = (f"<member><Key>{escape(k)}</Key><Value>{escape(v)}</Value></member>" for k, v in topic.tags.items())
        return f"<Tags>{''.join(tags)}</Tags>"

    def _subscribe(self, form: Mapping[str, str]) -> str:
        topic, endpoint, protocol = self._topic(form), form.get("Endpoint", ""), form.get("Protocol", "")
        if protocol not in PROTOCOLS or not endpoint:
            cause = f"Invalid parameter: the l3kit sandbox subscribes {', '.join(sorted(PROTOCOLS))} only"
            raise TopicRefusedError(400, "InvalidParameter", cause)
        made = Subscription(f"{topic.arn}:{uuid.uuid4()}", protocol, endpoint, secrets.token_hex(32))
        one = topic.subscriptions.setdefault(endpoint, made)
        if not one.confirmed:
            self._notifications.send(endpoint, self._request(topic.arn, one.token))
        return f"<SubscriptionArn>{escape(one.arn if one.confirmed else 'pending confirmation')}</SubscriptionArn>"

    def _request(self, arn: str, token: str) -> dict[str, str]:
        """Return the message that requests a confirmation."""
        url = f"{self._endpoint}{CONFIRM_PATH}?TopicArn={arn}&Token={token}"
        text = f"You have chosen to subscribe to the topic {arn}. To confirm it, visit the SubscribeURL."
        return _message("SubscriptionConfirmation", arn, text) | {"Token": token, "SubscribeURL": url}

    def _unsubscribe(self, form: Mapping[str, str]) -> str:
        arn = form.get("SubscriptionArn", "")
        for topic in self._topics.values():
            for one in [one for one in topic.subscriptions.values() if one.arn == arn]:
                del topic.subscriptions[one.endpoint]
                return ""
        if arn.startswith("arn:"):
            raise TopicRefusedError(404, "NotFound", "Subscription does not exist")
        raise TopicRefusedError(400, "InvalidParameter", "Invalid parameter: SubscriptionArn")

    def _list(self, form: Mapping[str, str]) -> str:
        topic = self._topic(form)
        found = "".join(
            f"<member><SubscriptionArn>{escape(one.arn if one.confirmed else PENDING)}</SubscriptionArn>"
            f"<Owner>{ACCOUNT_ID}</Owner><Protocol>{one.protocol}</Protocol>"
            f"<Endpoint>{escape(one.endpoint)}</Endpoint><TopicArn>{escape(topic.arn)}</TopicArn></member>"
            for one in topic.subscriptions.values()
        )
        return f"<Subscriptions>{found}</Subscriptions>"

    def _confirm(self, form: Mapping[str, str]) -> str:
        for one in self._topic(form).subscriptions.values():
            if secrets.compare_digest(one.token.encode(), form.get("Token", "").encode()):
                one.confirmed = True
                return f"<SubscriptionArn>{escape(one.arn)}</SubscriptionArn>"
        raise TopicRefusedError(400, "InvalidParameter", "Invalid token")

    def _topic(self, form: Mapping[str, str]) -> Topic:
        topic = self._topics.get(form.get("TopicArn", ""))
        if topic is None:
            raise TopicRefusedError(404, "NotFound", "Topic does not exist")
        return topic


def _message(kind: str, arn: str, text: str) -> dict[str, str]:
    moment = datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
    return {"Type": kind, "MessageId": str(uuid.uuid4()), "TopicArn": arn, "Message": text, "Timestamp": moment}


def alarm_message(alarm: Mapping[str, object], state: str, reason: str, region: str = REGION) -> tuple[str, str]:
    """Return subject and text of what CloudWatch publishes when an alarm changes its state."""
    name = str(alarm["AlarmName"])
    moment = datetime.now(UTC).isoformat(timespec="milliseconds")
    message = {
        "AlarmName": name,
        "AlarmDescription": alarm.get("AlarmDescription"),
        "AWSAccountId": ACCOUNT_ID,
        "NewStateValue": state,
        "NewStateReason": reason,
        "StateChangeTime": moment,
        "Region": region,
        "AlarmArn": alarm.get("AlarmArn"),
        "OldStateValue": alarm.get("StateValue"),
    }
    return f'{state}: "{name}" in {region}', json.dumps(message)
