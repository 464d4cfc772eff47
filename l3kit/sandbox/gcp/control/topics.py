"""Pub/Sub: topics, and what is published to them."""

from __future__ import annotations

import base64
import re
from dataclasses import dataclass, field
from typing import Any

from l3kit.sandbox.gcp.control.answers import invalid, missing, taken
from l3kit.sandbox.gcp.control.calls import Answer, Call, Method, Methods, changed, page
from l3kit.sandbox.gcp.control.effects import Effects
from l3kit.sandbox.gcp.control.iam import Policies
from l3kit.sandbox.gcp.control.project import Project

ID = re.compile(r"[A-Za-z][A-Za-z0-9._~+%-]{2,254}")
DELETED = "_deleted-topic_"
MAX_BYTES, MAX_MESSAGES = 10_000_000, 1000
"""Largest size and number of messages of one request to publish."""


@dataclass(slots=True)
class Topics:
    """All topics, by name."""

    project: Project
    effects: Effects
    policies: Policies
    _all: dict[str, dict[str, Any]] = field(default_factory=dict)

    def methods(self) -> Methods:
        prefix, permission = "pubsub.projects.topics", "pubsub.topics"
        return {
            **self.policies.methods(prefix, permission, lambda call: str(self.find(call.name)["name"])),
            f"{prefix}.create": Method(self._create, f"{permission}.create", lambda call: self.project.name),
            f"{prefix}.get": Method(self._get, f"{permission}.get"),
            f"{prefix}.list": Method(self._list, f"{permission}.list"),
            f"{prefix}.patch": Method(self._patch, f"{permission}.update"),
            f"{prefix}.delete": Method(self._delete, f"{permission}.delete"),
            f"{prefix}.publish": Method(self._publish, f"{permission}.publish"),
        }

    def find(self, given: str) -> dict[str, Any]:
        """Return a topic. Raises: RefusedError."""
        name = self.project.own(given)
        if name not in self._all:
            raise missing(f"Resource not found (resource={name.rpartition('/')[2]}).")
        return self._all[name]

    def _create(self, call: Call) -> Answer:
        name = self.project.own(call.name)
        check_id(name)
        if name in self._all:
            raise taken(f"Resource already exists in the project (resource={name.rpartition('/')[2]}).")
        self.project.check_quota("topics", len(self._all))
        self._all[name] = {**{key: value for key, value in call.body.items() if value}, "name": name}
        return self._all[name]

    def _get(self, call: Call) -> Answer:
        return self.find(call.name)

    def _list(self, call: Call) -> Answer:
        return page(call, [one for _, one in sorted(self._all.items())], "topics")

    def _patch(self, call: Call) -> Answer:
        topic = self.find(call.name)
        given = call.body.get("topic") or {}
        if not call.mask(*given):
            raise invalid("The update_mask in the UpdateTopicRequest must be set.", "update_mask")
        self._all[topic["name"]] = changed(topic, given, tuple(path for path in call.mask(*given) if path != "name"))
        return self._all[topic["name"]]

    def _delete(self, call: Call) -> Answer:
        name = self.find(call.name)["name"]
        del self._all[name]
        self.policies.drop(name)
        return {}

    def _publish(self, call: Call) -> Answer:
        name = self.find(call.name)["name"]
        messages = call.body.get("messages") or ()
        if not 0 < len(messages) <= MAX_MESSAGES:
            raise invalid(f"A request has 1 to {MAX_MESSAGES} messages.", "messages")
        sent = [(base64.b64decode(one.get("data") or ""), dict(one.get("attributes") or {})) for one in messages]
        if any(not data and not attributes for data, attributes in sent):
            raise invalid("Some messages in the batch are empty: a message has data or attributes.", "messages")
        if sum(len(data) for data, _ in sent) > MAX_BYTES:
            raise invalid(f"The request is larger than {MAX_BYTES:,} bytes.", "messages")
        self.effects.published(name.rpartition("/")[2], sent)
        return {"messageIds": [self.project.digits(17) for _ in sent]}


def check_id(name: str) -> None:
    """Refuse a name that no topic or subscription can have. Raises: RefusedError."""
    one = name.rpartition("/")[2]
    if not ID.fullmatch(one) or one.startswith("goog"):
        raise invalid(
            f"Invalid [{name.split('/')[2]}] name: (name={name}). It has 3 to 255 letters, digits and -._~+%, begins "
            "with a letter, and not with goog."
        )
