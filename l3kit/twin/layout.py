"""Which functions a twin's layout calls for on each cloud, what they are told, and the links between them. No I/O."""

from __future__ import annotations

import json
from collections.abc import Callable, Collection, Mapping, Sequence
from typing import TYPE_CHECKING, Protocol

from l3kit.errors import MissingConnectionError
from l3kit.providers import provider as cloud_named
from l3kit.tiering.settings import FUNCTIONS, INFO_FILE, StoreName, variables_for
from l3kit.tiering.tokens import FORMER_VARIABLE, TOKEN_VARIABLE, format_former
from l3kit.twin.connections import FILE, Connection, cold_to_archive_id, hot_to_cold_id

if TYPE_CHECKING:
    from l3kit.twin.config import Twin

MOVERS = tuple(name for name, spec in FUNCTIONS.items() if spec.role == "mover")
RECEIVERS = ("archive-writer", "cold-writer")
ORDER = (*RECEIVERS, *MOVERS, "hot-reader", "hot-reader-last-entry")
"""Receivers before senders, so that every url exists before the function that posts to it."""
TIERS = ("hot", "cold", "archive")
MAX_VARIABLES_BYTES = 4096
"""All variables of a function together: AWS Lambda's quota, the least of the three clouds."""
FORMER_BYTES = 100
"""Kept free in a receiver's variables, so that one rotation does not move the twin's info into the zip."""


class Links(Protocol):
    """The links of a twin, as they are known."""

    def get(self, link: str) -> Connection | None:
        """None where nothing is known of it. Raises: PermissionMissingError."""

    def looked_at(self, link: str) -> bool:
        """Whether the cloud of its receiving end can be asked."""


def providers_of(twin: Twin, clouds: Collection[str] | None = None) -> tuple[str, ...]:
    """The clouds of this twin's tiers, or those of them that are asked for."""
    used = dict.fromkeys(twin.providers.tier(tier) for tier in TIERS)
    return tuple(provider for provider in used if not clouds or provider in clouds)


def host_of(twin: Twin, function: str) -> str | None:
    """The cloud that runs this function; None where the layout does not call for it."""
    tier = twin.providers.tier
    if function == "cold-writer" and tier("hot") == tier("cold"):
        return None
    if function == "archive-writer" and tier("cold") == tier("archive"):
        return None
    return tier(FUNCTIONS[function].tier)


def functions_of(twin: Twin, provider: str) -> tuple[str, ...]:
    """The functions that this layout calls for on this cloud, receivers first."""
    return tuple(name for name in ORDER if host_of(twin, name) == provider)


def sends_abroad(twin: Twin, function: str) -> bool:
    """Whether this function posts to a writer on another cloud."""
    spec = FUNCTIONS[function]
    return bool(spec.target and spec.remote_url and twin.providers.tier(spec.tier) != twin.providers.tier(spec.target))


def needed_variables(twin: Twin, provider: str, function: str) -> Sequence[str]:
    """Names of the variables that this function is told."""
    archive_here = twin.providers.tier("archive") == provider
    variables = cloud_named(provider).variables
    return variables_for(function, cloud=variables, remote=sends_abroad(twin, function), archive_here=archive_here)


def receiving_link(twin: Twin, receiver: str) -> str:
    """The id of the link that ends at this writer; empty where none does."""
    return twin.connection_ids().get(receiver, "")


def sending_link(twin: Twin, mover: str) -> str:
    """The id of the link that begins at this mover."""
    tier = twin.providers.tier
    if mover == "hot-to-cold-mover":
        return hot_to_cold_id(tier("hot"), tier("cold"))
    return cold_to_archive_id(tier("cold"), tier("archive"))


def environment(
    twin: Twin,
    links: Links,
    provider: str,
    function: str,
    store_name: Callable[[StoreName], str],
    more: Mapping[str, str] | None = None,
) -> tuple[dict[str, str], dict[str, bytes]]:
    """A function's variables (what `variables_for` names, and a mover's tuning), and files where they do not fit.

    Args:
        more: values of the variables that only this cloud has.
    Raises: MissingConnectionError.
    """
    remote = sends_abroad(twin, function)
    spec = FUNCTIONS[function]
    stores = cloud_named(provider).variables.stores
    values = {variable: store_name(store) for store, variable in stores.items()} | dict(more or {})
    if remote and spec.remote_url and spec.target:
        values[spec.remote_url], values[TOKEN_VARIABLE] = connection(twin, links, function)
        values |= cloud_named(twin.providers.tier(spec.target)).receiver_limit.variables()
    former = ""
    if spec.token:
        link = receiving_link(twin, function)
        there = links.get(link) if link else None
        values[TOKEN_VARIABLE] = there.token if there else ""
        former = format_former(there.former) if there else ""
    info = json.dumps(twin.digital_twin_info(), ensure_ascii=False, separators=(",", ":"), sort_keys=True)
    values["DIGITAL_TWIN_INFO"] = info
    chosen = {name: values[name] for name in needed_variables(twin, provider, function)}
    if function in MOVERS:
        chosen |= {name: str(value) for name, value in twin.config.tuning.items()}
    if former:
        chosen[FORMER_VARIABLE] = former
    room = MAX_VARIABLES_BYTES - (FORMER_BYTES if spec.token and not former else 0)
    if sum(len(k.encode()) + len(v.encode()) for k, v in chosen.items()) <= room:
        return chosen, {}
    return chosen | {"DIGITAL_TWIN_INFO": f"file:{INFO_FILE}"}, {INFO_FILE: info.encode()}


def connection(twin: Twin, links: Links, mover: str) -> tuple[str, str]:
    """Url and token of the writer that this mover posts to. Raises: MissingConnectionError where one is not known."""
    conn_id = sending_link(twin, mover)
    found = links.get(conn_id)
    if found is None or not found.complete:
        url, token = (bool(found.url), bool(found.token)) if found else (False, False)
        hidden = not links.looked_at(conn_id)
        unseen = "Its cloud is not reached here: take the file from where it was deployed, or d"
        raise MissingConnectionError(
            f"connection {conn_id}",
            f"is incomplete in {FILE}: url={url}, token={token}",
            f"{unseen if hidden else 'D'}eploy the receiving cloud first; it saves both. Nothing was done",
        )
    return found.url, found.token


def check_connections(twin: Twin, links: Links, deployed: Collection[str]) -> None:
    """Each link that leaves the clouds to be deployed must be complete; one within them is made by the deployment.

    Raises: MissingConnectionError.
    """
    for mover, receiver in (("hot-to-cold-mover", "cold-writer"), ("cold-to-archive-mover", "archive-writer")):
        if sends_abroad(twin, mover) and host_of(twin, mover) in deployed and host_of(twin, receiver) not in deployed:
            connection(twin, links, mover)
