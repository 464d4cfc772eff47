"""The SNS topic of a twin's alarms, and who is subscribed to it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Any
from urllib.parse import urlsplit

from l3kit.clouds.aws.control.calls import explained, unless_missing
from l3kit.clouds.aws.control.context import Context
from l3kit.clouds.ports.changes import Difference, list_changes
from l3kit.clouds.ports.resources import Finding
from l3kit.errors import ProvisioningError
from l3kit.twin.notify import is_email, is_for_this_machine, same, shown


@dataclass(frozen=True)
class Topic:
    """One topic with its subscriptions. Its policy is SNS's own: the account's services may publish to it.

    Attributes:
        addresses: exactly the addresses to be subscribed.
    """

    context: Context
    name: str
    addresses: Sequence[str] = field(default=(), repr=False)
    kind: str = "topic"
    holds_data: bool = False

    def compare(self) -> Finding:
        with explained(f"topic {self.name}"):
            fault = self._fault()
            tags = topic_tags(self.context, self.name)
            if tags is None:
                changes = list_changes("subscriber", (), map(shown, self.addresses))
                return Finding(False, fault=fault, changes=changes)
            return Finding.of(self.context.owns_list(tags), self._differences(), fault=fault)

    def create(self) -> None:
        """Create the topic and subscribe. If another one of that name has appeared meanwhile, SNS refuses the tags."""
        with explained(f"topic {self.name}"):
            self._sns.create_topic(Name=self.name, Tags=self.context.tag_list())
        self.update()

    def update(self) -> None:
        """Subscribe the missing addresses, each of which gets a message to confirm it; unsubscribe all others."""
        with explained(f"topic {self.name}"):
            missing, strange = self._missing_and_foreign()
            for address in missing:
                self._sns.subscribe(TopicArn=self._arn, Protocol=protocol_of(address), Endpoint=address)
            for one in strange:
                unless_missing(partial(self._sns.unsubscribe, SubscriptionArn=one["SubscriptionArn"]))

    def delete(self) -> None:
        """Delete the topic with its subscriptions."""
        with explained(f"topic {self.name}"):
            self._sns.delete_topic(TopicArn=self._arn)

    @property
    def _sns(self) -> Any:
        return self.context.client("sns")

    @property
    def _arn(self) -> str:
        return self.context.arn("sns", self.name)

    def _fault(self) -> ProvisioningError | None:
        unreachable = [shown(one) for one in self.addresses if is_for_this_machine(one)]
        if self.context.aws.endpoint_url is not None or not unreachable:
            return None
        cause = f"SNS cannot reach {', '.join(unreachable)}, which is this machine's own"
        return ProvisioningError("config.json: notify", cause, "Name an address that AWS reaches, or use the sandbox")

    def _differences(self) -> list[Difference]:
        missing, strange = self._missing_and_foreign()
        come, go = list(map(shown, missing)), [shown(one["Endpoint"]) for one in strange]
        words = [f"{one} is not subscribed" for one in come]
        words += [f"{one} is subscribed and is not in notify" for one in go]
        return [Difference("; ".join(words), list_changes("subscriber", go, come))] if words else []

    def _missing_and_foreign(self) -> tuple[list[str], list[dict[str, str]]]:
        """Return the addresses that are not subscribed, and confirmed subscriptions of others.

        A subscription that waits for its confirmation cannot be removed; SNS drops it after some days.
        """
        there = subscribed(self.context, self.name)
        wanted = {same(address): address for address in self.addresses}
        held = {same(one["Endpoint"]) for one in there}
        missing = [address for key, address in wanted.items() if key not in held]
        return missing, [one for one in there if same(one["Endpoint"]) not in wanted and is_confirmed(one)]


def topic_tags(context: Context, name: str) -> list[dict[str, str]] | None:
    """Return the topic's tags; None if there is no such topic. Raises: ClientError."""
    found = unless_missing(lambda: context.client("sns").list_tags_for_resource(ResourceArn=context.arn("sns", name)))
    return None if found is None else list(found["Tags"])


def subscribed(context: Context, topic: str) -> list[dict[str, str]]:
    """Return the topic's subscriptions; none if there is no such topic. Raises: ClientError."""

    def listed() -> list[dict[str, str]]:
        pages = context.client("sns").get_paginator("list_subscriptions_by_topic")
        found = pages.paginate(TopicArn=context.arn("sns", topic))
        return [one for page in found for one in page["Subscriptions"]]

    return unless_missing(listed) or []


def is_confirmed(subscription: dict[str, str]) -> bool:
    """Return whether a subscription is confirmed: until then its ARN is the text `PendingConfirmation`."""
    return subscription["SubscriptionArn"].startswith("arn:")


def protocol_of(address: str) -> str:
    """Return the SNS protocol that reaches an address."""
    return "email" if is_email(address) else urlsplit(address).scheme
