"""Access policies: where each is read and written, and their change by one program among several."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

from l3kit.clouds.gcp.control.place import PROJECTS, PUBSUB, RUN, STORAGE, Place
from l3kit.clouds.gcp.control.refusals import is_concurrent
from l3kit.clouds.ports.control import Refusal

VERSION = 3
"""Version of policies that may have conditions."""
TURN_LIMIT = 120.0
"""Maximum seconds until a policy could be written without another change in between."""
KNOWN_LIMIT = 300.0
"""Maximum seconds until a policy can have a new service account as its member, or give a new role."""

Policy = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Held:
    """A role that a member has somewhere, under a condition in CEL; empty if there is none."""

    role: str
    condition: str = ""

    def __str__(self) -> str:
        return f"{self.role} where {self.condition}" if self.condition else self.role


@dataclass(frozen=True, slots=True)
class PolicyPlace:
    """The policy of one resource.

    Attributes:
        title: of the resource, for people.
    """

    title: str
    read: Callable[[], Policy]
    write: Callable[[Policy], object]


def project_policy(place: Place) -> PolicyPlace:
    path, control = f"v3/projects/{place.project}", place.control
    options = {"options": {"requestedPolicyVersion": VERSION}}
    return PolicyPlace(
        f"project {place.project}",
        lambda: control.post(PROJECTS, f"{path}:getIamPolicy", options),
        lambda policy: control.post(PROJECTS, f"{path}:setIamPolicy", {"policy": policy}),
    )


def bucket_policy(place: Place, bucket: str) -> PolicyPlace:
    path, control = f"storage/v1/b/{quote(bucket, safe='')}/iam", place.control
    return PolicyPlace(
        f"bucket {bucket}",
        lambda: control.get(STORAGE, path, {"optionsRequestedPolicyVersion": str(VERSION)}),
        lambda policy: control.put(STORAGE, path, policy),
    )


def service_policy(place: Place, function: str) -> PolicyPlace:
    """Return the policy of the Cloud Run service below a function, which decides who may call it."""
    path, control = f"v2/{place.location}/services/{function}", place.control
    return PolicyPlace(
        f"function {function}",
        lambda: control.get(RUN, f"{path}:getIamPolicy"),
        lambda policy: control.post(RUN, f"{path}:setIamPolicy", {"policy": policy}),
    )


def pubsub_policy(place: Place, kind: str, name: str) -> PolicyPlace:
    """Return the policy of one of the `topics` or `subscriptions`."""
    path, control = f"v1/projects/{place.project}/{kind}/{name}", place.control
    return PolicyPlace(
        f"{kind.removesuffix('s')} {name}",
        lambda: control.get(PUBSUB, f"{path}:getIamPolicy"),
        lambda policy: control.post(PUBSUB, f"{path}:setIamPolicy", {"policy": policy}),
    )


def held_by(policy: Mapping[str, Any], member: str) -> set[Held]:
    """Return the roles that a policy gives to a member."""
    return {
        Held(str(one["role"]), str(one.get("condition", {}).get("expression", "")))
        for one in policy.get("bindings", ())
        if member in one.get("members", ())
    }


def with_held(policy: Mapping[str, Any], member: str, wanted: Iterable[Held]) -> Policy:
    """Return the policy in which a member has exactly these roles; what other members have stays.

    What a deleted account of that name had goes too.
    """
    bindings = [_without(one, member) for one in policy.get("bindings", ())]
    for held in wanted:
        found = next((one for one in bindings if _is(one, held)), None)
        if found is None:
            bindings.append(_binding(held, [member]))
        else:
            found["members"] = [*found["members"], member]
    kept = [one for one in bindings if one["members"]]
    return {**policy, "version": VERSION, "bindings": kept}


def change(place: Place, there: PolicyPlace, changed: Callable[[Policy], Policy]) -> None:
    """Read, change and write a policy, again if another change came in between; nothing is written if all is so.

    Raises: Refusal; ProvisioningError at a limit.
    """

    def once() -> None:
        read = there.read()
        wanted = changed(read)
        if _plain(wanted) != _plain(read):
            there.write(wanted)

    def turn() -> None:
        place.patience.retry_while(once, is_concurrent, f"the policy of {there.title} can be changed", TURN_LIMIT)

    what = f"the members and roles of {there.title}'s policy are known"
    place.patience.retry_while(turn, is_new, what, KNOWN_LIMIT)


def is_new(refusal: Refusal) -> bool:
    """Return whether a policy was refused because an account or a role in it is not known yet."""
    words = refusal.message.lower()
    unknown = "does not exist" in words or "not found" in words
    return refusal.status == 400 and unknown and ("account" in words or "role" in words)


def _binding(held: Held, members: list[str]) -> dict[str, Any]:
    condition = {"title": "l3kit", "expression": held.condition}
    return {"role": held.role, "members": members, **({"condition": condition} if held.condition else {})}


def _is(binding: Mapping[str, Any], held: Held) -> bool:
    there = binding.get("condition", {}).get("expression", "")
    return bool(binding["role"] == held.role and there == held.condition)


def _without(binding: Mapping[str, Any], member: str) -> dict[str, Any]:
    former = f"deleted:{member}?"
    members = [one for one in binding.get("members", ()) if one != member and not one.startswith(former)]
    return {**binding, "members": members}


def _plain(policy: Mapping[str, Any]) -> set[tuple[str, str, str]]:
    """Return a policy's contents without their order."""
    return {
        (str(one["role"]), str(one.get("condition", {}).get("expression", "")), str(member))
        for one in policy.get("bindings", ())
        for member in one.get("members", ())
    }
