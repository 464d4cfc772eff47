"""Pub/Sub: subscriptions that push messages to an address, or store them in a bucket."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

from l3kit.sandbox.gcp.control.answers import RefusedError, invalid, missing, taken
from l3kit.sandbox.gcp.control.calls import Answer, Call, Method, Methods, changed, page
from l3kit.sandbox.gcp.control.effects import Effects, PushSpec
from l3kit.sandbox.gcp.control.iam import BUCKETS, Policies
from l3kit.sandbox.gcp.control.project import Project
from l3kit.sandbox.gcp.control.service_accounts import ServiceAccounts
from l3kit.sandbox.gcp.control.topics import Topics, check_id

MIN_ATTEMPTS, MAX_ATTEMPTS = 5, 100
_FIXED = ("name", "topic", "filter", "state", "enableMessageOrdering", "topicMessageRetentionDuration")
_WIRE = {"x-goog-version": "v1"}
"""The attributes of a push: the form in which it is sent."""
_RETENTION = (600.0, 31 * 86_400.0)
_SECONDS = re.compile(r"(\d+(?:\.\d+)?)s")


@dataclass(slots=True)
class Subscriptions:
    """All subscriptions, by name."""

    project: Project
    effects: Effects
    policies: Policies
    accounts: ServiceAccounts
    topics: Topics
    _all: dict[str, dict[str, Any]] = field(default_factory=dict)

    def methods(self) -> Methods:
        prefix, permission = "pubsub.projects.subscriptions", "pubsub.subscriptions"
        return {
            **self.policies.methods(prefix, permission, lambda call: str(self._there(call)["name"])),
            f"{prefix}.create": Method(self._create, f"{permission}.create", lambda call: self.project.name),
            f"{prefix}.get": Method(self._get, f"{permission}.get"),
            f"{prefix}.list": Method(self._list, f"{permission}.list"),
            f"{prefix}.patch": Method(self._patch, f"{permission}.update"),
            f"{prefix}.modifyPushConfig": Method(self._modify_push, f"{permission}.update"),
            f"{prefix}.delete": Method(self._delete, f"{permission}.delete"),
        }

    def _create(self, call: Call) -> Answer:
        name = self.project.own(call.name)
        check_id(name)
        topic = self.topics.find(str(call.body.get("topic") or ""))["name"]
        refused = self.policies.refusal(call.caller, "pubsub.topics.attachSubscription", topic)
        if refused is not None:
            raise RefusedError("PERMISSION_DENIED", "User not authorized to perform this action.")
        if name in self._all:
            raise taken(f"Resource already exists in the project (resource={name.rpartition('/')[2]}).")
        self.project.check_quota("subscriptions", len(self._all))
        given = {key: value for key, value in call.body.items() if value not in (None, "")}
        return self._put(name, {**given, "topic": topic}, call.caller)

    def _get(self, call: Call) -> Answer:
        return self._there(call)

    def _list(self, call: Call) -> Answer:
        return page(call, [one for _, one in sorted(self._all.items())], "subscriptions")

    def _patch(self, call: Call) -> Answer:
        there = self._there(call)
        given = call.body.get("subscription") or {}
        mask = call.mask()
        if "updateMask" not in call.body and "updateMask" not in call.query:
            raise invalid("The update_mask in the UpdateSubscriptionRequest must be set.", "update_mask")
        for path in mask:
            if path in _FIXED:
                raise invalid(
                    f"Invalid update_mask provided in the UpdateSubscriptionRequest: {path} cannot be changed."
                )
        self._put(there["name"], changed(there, given, mask), call.caller)
        shown = self._all[there["name"]]
        return {**shown, "pushConfig": {"attributes": _WIRE, **shown["pushConfig"]}}

    def _modify_push(self, call: Call) -> Answer:
        there = self._there(call)
        self._put(there["name"], {**there, "pushConfig": call.body.get("pushConfig") or {}}, call.caller)
        return {}

    def _delete(self, call: Call) -> Answer:
        name = self._there(call)["name"]
        del self._all[name]
        self.policies.drop(name)
        self.effects.push_gone(name.rpartition("/")[2])
        return {}

    def _put(self, name: str, given: Mapping[str, Any], caller: str) -> Answer:
        push = dict(given.get("pushConfig") or {})
        self._check_push(push, caller)
        self._check_letters(given.get("deadLetterPolicy") or {})
        self._check_bucket(given.get("cloudStorageConfig") or {}, exclusive=bool(push.get("pushEndpoint")))
        kept = str(given.get("messageRetentionDuration") or "604800s")
        if not _RETENTION[0] <= _seconds(kept) <= _RETENTION[1]:
            raise invalid("The value for message_retention_duration must be between 10 minutes and 31 days.")
        deadline = int(given.get("ackDeadlineSeconds") or 10)
        if not 10 <= deadline <= 600:
            raise invalid("The value for ack_deadline_seconds must be between 10 and 600 seconds.")
        if push.get("pushEndpoint"):
            push.setdefault("attributes", dict(_WIRE))
        self._all[name] = {
            **given,
            "name": name,
            "pushConfig": push,
            "ackDeadlineSeconds": deadline,
            "messageRetentionDuration": kept,
            "expirationPolicy": given.get("expirationPolicy", {"ttl": "2678400s"}),
            "state": "ACTIVE",
        }
        self._tell_all()
        return self._all[name]

    def _tell_all(self) -> None:
        """Tell the effects of all subscriptions that push: where one's letters go depends on others."""
        for name, one in self._all.items():
            push = one["pushConfig"]
            if not push.get("pushEndpoint"):
                continue
            dead = one.get("deadLetterPolicy") or {}
            self.effects.push_set(
                PushSpec(
                    name.rpartition("/")[2],
                    one["topic"].rpartition("/")[2],
                    one.get("filter", ""),
                    push["pushEndpoint"],
                    (push.get("oidcToken") or {}).get("serviceAccountEmail", ""),
                    self._bucket_of(self.project.own(dead.get("deadLetterTopic", ""))),
                    int(dead.get("maxDeliveryAttempts") or MIN_ATTEMPTS),
                    dict(one.get("labels") or {}),
                )
            )

    def _bucket_of(self, topic: str) -> str:
        """Return the bucket in which a subscription stores a topic's messages; empty if none does."""
        stored = (one.get("cloudStorageConfig") for one in self._all.values() if topic and one["topic"] == topic)
        return next((str(config["bucket"]) for config in stored if config), "")

    def _check_push(self, push: Mapping[str, Any], caller: str) -> None:
        endpoint = str(push.get("pushEndpoint") or "")
        if endpoint and (urlsplit(endpoint).scheme not in ("http", "https") or not urlsplit(endpoint).netloc):
            raise invalid(f"Invalid push endpoint given (endpoint={endpoint}). Refer to the documentation.")
        email = str((push.get("oidcToken") or {}).get("serviceAccountEmail") or "")
        if email:
            self.accounts.check_known(email)
            self.accounts.check_acts_as(caller, email)

    def _check_letters(self, policy: Mapping[str, Any]) -> None:
        if not policy:
            return
        self.topics.find(str(policy.get("deadLetterTopic") or ""))
        if not MIN_ATTEMPTS <= int(policy.get("maxDeliveryAttempts") or MIN_ATTEMPTS) <= MAX_ATTEMPTS:
            raise invalid("The value for max_delivery_attempts must be between 5 and 100.")

    def _check_bucket(self, config: Mapping[str, Any], *, exclusive: bool) -> None:
        if not config:
            return
        if exclusive:
            raise invalid("A subscription either pushes messages or stores them in Cloud Storage.")
        bucket, agent = str(config.get("bucket") or ""), self.project.agent("pubsub")
        if bucket not in self.effects.store.buckets:
            raise missing(f"Cloud Storage bucket {bucket} was not found.")
        lacking = [
            one
            for one in ("storage.buckets.get", "storage.objects.create")
            if self.policies.refusal(agent, one, BUCKETS + bucket) is not None
        ]
        if lacking:
            raise RefusedError(
                "PERMISSION_DENIED",
                "Cloud Pub/Sub did not have the necessary permissions configured to support this operation. Please "
                f"verify that the service account {agent} was granted the Storage Object Creator and Storage Legacy "
                f"Bucket Reader roles for the provided bucket {bucket}.",
            )

    def _there(self, call: Call) -> dict[str, Any]:
        name = self.project.own(call.name)
        if name not in self._all:
            raise missing(f"Resource not found (resource={name.rpartition('/')[2]}).")
        return self._all[name]


def _seconds(duration: str) -> float:
    found = _SECONDS.fullmatch(duration)
    return float(found[1]) if found else 0.0
