"""The notification channels of a twin's alarms: one for each address in `notify`."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Any

from l3kit.clouds.gcp.control.pages import all_pages
from l3kit.clouds.gcp.control.place import MONITORING, Place, labels
from l3kit.clouds.gcp.control.refusals import explained, unless_missing
from l3kit.clouds.ports.changes import Difference, list_changes
from l3kit.clouds.ports.resources import Finding
from l3kit.errors import ProvisioningError
from l3kit.twin.naming import LABEL_TWIN
from l3kit.twin.notify import is_email, is_for_this_machine, same, shown

ROLE = "roles/monitoring.notificationChannelEditor on the project"
_ADDRESS: Mapping[str, str] = {"email": "email_address", "webhook_tokenauth": "url"}


@dataclass(frozen=True)
class Channels:
    """All channels that carry the twin's label.

    Google names them by numbers, so that a repeated request may make a second one of the same address; the first one
    counts, and an update removes the others.

    Attributes:
        addresses: exactly the addresses to be notified.
        is_live: whether it is Google that sends, which does not reach this machine.
    """

    place: Place
    twin_name: str
    addresses: Sequence[str] = field(default=(), repr=False)
    is_live: bool = True
    kind: str = field(default="notification channels", init=False)
    holds_data: bool = field(default=False, init=False)

    @property
    def name(self) -> str:
        return f"{self.twin_name}-alarms"

    def compare(self) -> Finding:
        with explained(f"notification channels {self.name}", ROLE):
            there = channels_of(self.place, self.twin_name)
        fault = self._fault()
        if not there:
            return Finding(False, fault=fault, changes=list_changes("subscriber", (), map(shown, self.addresses)))
        return Finding.of(True, self._differences(there), fault=fault)

    def create(self) -> None:
        self.update()

    def update(self) -> None:
        """Make what is missing; remove what is not in `notify`, or there twice, from the policies too."""
        with explained(f"notification channels {self.name}", ROLE, self.addresses):
            missing, _ = self._missing_and_strange(channels_of(self.place, self.twin_name))
            for address in missing:
                self.place.control.post(MONITORING, self._parent, self._body(address))
            _, strange = self._missing_and_strange(channels_of(self.place, self.twin_name))
            self._remove(strange)

    def delete(self) -> None:
        with explained(f"notification channels {self.name}", ROLE):
            self._remove(channels_of(self.place, self.twin_name))

    @property
    def _parent(self) -> str:
        return f"v3/projects/{self.place.project}/notificationChannels"

    def _remove(self, channels: Iterable[Mapping[str, Any]]) -> None:
        for one in channels:
            unless_missing(partial(self.place.control.delete, MONITORING, f"v3/{one['name']}", {"force": "true"}))

    def _body(self, address: str) -> dict[str, Any]:
        kind = "email" if is_email(address) else "webhook_tokenauth"
        return {
            "type": kind,
            "displayName": f"{self.twin_name}: {shown(address)}",
            "labels": {_ADDRESS[kind]: address},
            "userLabels": labels(self.twin_name),
            "enabled": True,
        }

    def _fault(self) -> ProvisioningError | None:
        unreachable = [shown(one) for one in self.addresses if is_for_this_machine(one)]
        if not self.is_live or not unreachable:
            return None
        cause = f"Cloud Monitoring cannot reach {', '.join(unreachable)}, which is this machine's own"
        return ProvisioningError(
            "config.json: notify", cause, "Name an address that Google reaches, or use the sandbox"
        )

    def _differences(self, there: Sequence[Mapping[str, Any]]) -> list[Difference]:
        missing, strange = self._missing_and_strange(there)
        come, go = list(map(shown, missing)), [shown(address_of(one)) for one in strange]
        words = [f"{one} has no channel" for one in come]
        words += [f"{one} has a channel that is not in notify, is off or is there twice" for one in go]
        return [Difference("; ".join(words), list_changes("subscriber", go, come))] if words else []

    def _missing_and_strange(self, there: Sequence[Mapping[str, Any]]) -> tuple[list[str], list[Mapping[str, Any]]]:
        kept = first_channels(there)
        wanted = {same(address): address for address in self.addresses}
        missing = [address for key, address in wanted.items() if key not in kept]
        names = {str(kept[key]["name"]) for key in wanted if key in kept}
        return missing, [one for one in there if one["name"] not in names]


def channels_of(place: Place, twin_name: str) -> list[dict[str, Any]]:
    """Return the channels with a twin's label, oldest name first. Raises: Refusal."""
    return listed(place, twin_name, "notificationChannels")


def listed(place: Place, twin_name: str, kind: str) -> list[dict[str, Any]]:
    """Return channels or policies with a twin's label, ordered by name. Raises: Refusal."""
    labelled = f'user_labels.{LABEL_TWIN}="{twin_name}"'
    found = all_pages(place, MONITORING, f"v3/projects/{place.project}/{kind}", kind, {"filter": labelled})
    return sorted(found, key=lambda one: str(one["name"]))


def first_channels(channels: Iterable[Mapping[str, Any]]) -> dict[str, Mapping[str, Any]]:
    """Return the channel that counts of each address, by the address in its comparable form."""
    found: dict[str, Mapping[str, Any]] = {}
    for one in channels:
        if one.get("enabled", True):
            found.setdefault(same(address_of(one)), one)
    return found


def address_of(channel: Mapping[str, Any]) -> str:
    """Return where a channel sends."""
    return str((channel.get("labels") or {}).get(_ADDRESS.get(str(channel.get("type")), ""), ""))
