"""Pub/Sub behind the port `MessageSource`: a twin's topic, its push to the dispatcher, and what was not taken."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from l3kit.clouds.gcp.control.invocations import INVOKER_ACCOUNT
from l3kit.clouds.gcp.control.place import FUNCTIONS, PUBSUB, Place, already_there, labels, owner_in
from l3kit.clouds.gcp.control.policies import (
    Held,
    PolicyPlace,
    bucket_policy,
    change,
    held_by,
    pubsub_policy,
    with_held,
)
from l3kit.clouds.gcp.control.refusals import explained, is_taken, unless_missing
from l3kit.clouds.gcp.undelivered import PREFIX
from l3kit.clouds.ports.control import Refusal
from l3kit.clouds.ports.message_source import DeployedRoute, Route
from l3kit.clouds.shared.drift import drift
from l3kit.errors import ProvisioningError
from l3kit.twin.topics import telemetry_filter

ROLE = "roles/pubsub.admin on the project"
TARGET_LABEL = "l3kit-function"
PUSH_SECONDS = 600
"""Maximum seconds that Pub/Sub waits for the response to a push (its acknowledgement deadline)."""
ATTEMPTS = 5
"""Deliveries before a message counts as undelivered; the fewest that Pub/Sub allows."""
RIGHTS_LIMIT = 300.0
"""Maximum seconds until Pub/Sub may write to the bucket and use the account."""

WRITES = (Held("roles/storage.legacyBucketReader"), Held("roles/storage.objectCreator"))
"""Roles on the bucket that a Cloud Storage subscription needs (Pub/Sub, "Cloud Storage subscriptions")."""


@dataclass(frozen=True)
class PubSub:
    """The routes of one project: a topic and a push subscription of one name each.

    A topic is one twin's, so its messages are all of that twin's MQTT topics.
    """

    place: Place

    def get(self, name: str) -> DeployedRoute | None:
        with explained(f"message route {name}", ROLE):
            topic = self._read("topics", name)
            if topic is None:
                return None
            owner = owner_in(topic.get("labels"))
            push = self._read("subscriptions", name) or {}
            function = str(push.get("labels", {}).get(TARGET_LABEL, ""))
            dead = str(push.get("deadLetterPolicy", {}).get("deadLetterTopic", "")).rpartition("/")[2]
            store = self._read("subscriptions", dead) if dead else None
            letters = str((store or {}).get("cloudStorageConfig", {}).get("bucket", ""))
            route = Route(owner, telemetry_filter(owner) if owner else "", function, letters)
            return DeployedRoute(name, self._fault(name, route, push, store or {}) or "active", route)

    def create(self, name: str, route: Route) -> None:
        with explained(f"message route {name}", ROLE):
            if not self._make("topics", name, {"labels": labels(route.owner)}):
                raise already_there(self.place, f"topic {name}", lambda: self._read("topics", name) is not None)
            self._complete(name, route)

    def update(self, name: str, route: Route) -> None:
        with explained(f"message route {name}", ROLE):
            self._make("topics", name, {"labels": labels(route.owner)})
            self._complete(name, route)

    def delete(self, name: str) -> None:
        """Delete subscriptions before topics, and the dead-letter topic, which the twin's name tells."""
        with explained(f"message route {name}", ROLE):
            topic = self._read("topics", name)
            owner = owner_in((topic or {}).get("labels"))
            dead = self.place.names(owner).dead_letters() if owner else ""
            for one in filter(None, (name, dead)):
                self._remove("subscriptions", one)
            if owner:
                letters = bucket_policy(self.place, self.place.names(owner).store("letters"))
                unless_missing(lambda: self._disallow(letters))
            for one in filter(None, (dead, name)):  # its own topic, which names the owner, last
                self._remove("topics", one)

    def _complete(self, name: str, route: Route) -> None:
        dead = self.place.names(route.owner).dead_letters()
        if route.letters:
            self._make("topics", dead, {"labels": labels(route.owner)})
            self._allow_dead_letters(dead, route.letters)
            self._set_subscription(dead, self._storing(dead, route), "cloudStorageConfig,labels")
        mask = "ackDeadlineSeconds,deadLetterPolicy,expirationPolicy,labels,pushConfig,retryPolicy"
        self._set_subscription(name, self._pushing(name, route, self._address(route.function)), mask)
        if route.letters:
            self._allow(pubsub_policy(self.place, "subscriptions", name), Held("roles/pubsub.subscriber"))

    def _allow_dead_letters(self, dead: str, bucket: str) -> None:
        """Let Pub/Sub itself pass on what nobody took, and write it into the bucket."""
        self._allow(pubsub_policy(self.place, "topics", dead), Held("roles/pubsub.publisher"))
        self._allow(bucket_policy(self.place, bucket), *WRITES)

    def _allow(self, on: PolicyPlace, *roles: Held) -> None:
        agent = self._agent()

        def changed(policy: dict[str, Any]) -> dict[str, Any]:
            return with_held(policy, agent, sorted(held_by(policy, agent) | set(roles), key=str))

        change(self.place, on, changed)

    def _disallow(self, on: PolicyPlace) -> None:
        agent = self._agent()
        change(self.place, on, lambda policy: with_held(policy, agent, ()))

    def _fault(self, name: str, route: Route, push: Mapping[str, Any], store: Mapping[str, Any]) -> str:
        """Return why the route does not work as it should; empty if it does."""
        if not push:
            return "its subscription is missing"
        address = self._url(route.function) if route.function else ""
        if not address:
            return "its function is not deployed"
        found = drift(self._pushing(name, route, address), push)
        if route.letters:
            dead = self.place.names(route.owner).dead_letters()
            found += drift(self._storing(dead, route), store)
            if not self._dead_letters_are_allowed(name, dead, route.letters):
                return "Pub/Sub may not keep what was not delivered"
        if push.get("state", "ACTIVE") != "ACTIVE":
            return f"its subscription is in state {push['state']}"
        return found[0].words if found else ""

    def _dead_letters_are_allowed(self, name: str, dead: str, bucket: str) -> bool:
        agent = self._agent()
        wanted = (
            (pubsub_policy(self.place, "topics", dead), {Held("roles/pubsub.publisher")}),
            (pubsub_policy(self.place, "subscriptions", name), {Held("roles/pubsub.subscriber")}),
            (bucket_policy(self.place, bucket), set(WRITES)),
        )
        return all(held_by(unless_missing(on.read) or {}, agent) >= roles for on, roles in wanted)

    def _set_subscription(self, name: str, wanted: dict[str, Any], mask: str) -> None:
        """Make the subscription, or give it these values; again while Pub/Sub does not know its rights yet."""

        def once() -> None:
            if self._make("subscriptions", name, wanted):
                return
            there = self._read("subscriptions", name) or {}
            if there.get("topic") != wanted["topic"]:  # of a topic that was deleted by hand
                self._remove("subscriptions", name)
                self._make("subscriptions", name, wanted)
            elif drift(wanted, there):
                changed = {**wanted, "name": self._name("subscriptions", name)}
                sent = {"subscription": changed, "updateMask": mask}
                self.place.control.patch(PUBSUB, self._path("subscriptions", name), sent)

        what = f"Pub/Sub may do what subscription {name} says"
        self.place.patience.retry_while(once, _rights_are_new, what, RIGHTS_LIMIT)

    def _make(self, kind: str, name: str, wanted: Mapping[str, Any]) -> bool:
        """Make a topic or subscription. Returns: False if there is one, which stays as it is."""
        try:
            self.place.control.put(PUBSUB, self._path(kind, name), wanted)
        except Refusal as refusal:
            if is_taken(refusal):
                return False
            raise
        return True

    def _remove(self, kind: str, name: str) -> None:
        unless_missing(lambda: self.place.control.delete(PUBSUB, self._path(kind, name)))

    def _pushing(self, name: str, route: Route, address: str) -> dict[str, Any]:
        email = self.place.names(route.owner).email(INVOKER_ACCOUNT) if route.owner else ""
        dead = self._name("topics", self.place.names(route.owner).dead_letters()) if route.letters else ""
        return {
            "topic": self._name("topics", name),
            "labels": {**labels(route.owner), TARGET_LABEL: route.function},
            "ackDeadlineSeconds": PUSH_SECONDS,
            "expirationPolicy": {},
            "retryPolicy": {"minimumBackoff": "10s", "maximumBackoff": "600s"},
            "pushConfig": {
                "pushEndpoint": f"{address}/",
                "oidcToken": {"serviceAccountEmail": email, "audience": address},
            },
            **({"deadLetterPolicy": {"deadLetterTopic": dead, "maxDeliveryAttempts": ATTEMPTS}} if dead else {}),
        }

    def _storing(self, dead: str, route: Route) -> dict[str, Any]:
        return {
            "topic": self._name("topics", dead),
            "labels": labels(route.owner),
            "expirationPolicy": {},
            "cloudStorageConfig": {
                "bucket": route.letters,
                "filenamePrefix": PREFIX,
                "maxDuration": "60s",
                "textConfig": {},
            },
        }

    def _address(self, function: str) -> str:
        """Return the url of the dispatcher. Raises: ProvisioningError if it is not deployed."""
        url = self._url(function)
        if not url:
            raise ProvisioningError(f"function {function}", "is not deployed yet", "Run deploy_l3")
        return url

    def _url(self, function: str) -> str:
        path = f"v2/{self.place.location}/functions/{function}"
        there = unless_missing(lambda: self.place.control.get(FUNCTIONS, path)) or {}
        return str(there.get("serviceConfig", {}).get("uri", ""))

    def _agent(self) -> str:
        """Return Pub/Sub's own account in the project."""
        return f"serviceAccount:service-{self.place.number()}@gcp-sa-pubsub.iam.gserviceaccount.com"

    def _read(self, kind: str, name: str) -> dict[str, Any] | None:
        return unless_missing(lambda: self.place.control.get(PUBSUB, self._path(kind, name)))

    def _name(self, kind: str, name: str) -> str:
        return f"projects/{self.place.project}/{kind}/{name}"

    def _path(self, kind: str, name: str) -> str:
        return f"v1/{self._name(kind, name)}"


def _rights_are_new(refusal: Refusal) -> bool:
    """Return whether Pub/Sub refused the subscription for a right or an account that was given a moment ago."""
    words = refusal.message.lower()
    return refusal.status in (400, 403, 404) and ("gcp-sa-pubsub" in words or "service account" in words)
