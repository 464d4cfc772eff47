"""The variables of a deployed function, and the files in its zip where they do not fit."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING

from l3kit.clouds.ports.deployed_links import DeployedLinks
from l3kit.clouds.ports.link_authentication import receiver_authentication, sender_authentication
from l3kit.providers import provider
from l3kit.tiering.link_auth import TOKEN
from l3kit.tiering.settings.function_table import FUNCTIONS, StoreName
from l3kit.tiering.settings.twin_info import INFO_FILE
from l3kit.tiering.tokens import FORMER_VARIABLE, TOKEN_VARIABLE, format_former
from l3kit.twin.layout import SCHEDULED, Link

if TYPE_CHECKING:
    from l3kit.twin.config import Twin

MAX_VARIABLES_BYTES = 4096
"""Maximum size of all variables of a function: AWS Lambda's quota, the smallest of the three clouds."""
FORMER_BYTES = 100
"""Reserve in a receiver's variables, so that one rotation does not move the twin's info into the zip."""


def environment(
    twin: Twin,
    links: DeployedLinks,
    cloud: str,
    function: str,
    store_name: Callable[[StoreName], str],
    address_of: Callable[[str], str],
    more: Mapping[str, str] | None = None,
) -> tuple[dict[str, str], dict[str, bytes]]:
    """A function's variables (`variables_for`, and tuning if a schedule starts it), and files where they do not fit.

    Args:
        cloud: cloud of the function, which for a remnant of a former layout is not the layout's.
        address_of: returns a function's address for other functions of this cloud, e.g. its url.
        more: values of the variables that only this cloud has.
    Raises: MissingConnectionError.
    """
    spec = FUNCTIONS[function]
    stores = provider(cloud).variables.stores
    needed = twin.layout.variables_of(function, cloud)
    values = {variable: store_name(store) for store, variable in stores.items() if variable in needed}
    values |= more or {}
    peers = provider(cloud).variables.peers
    values |= {peers[called]: address_of(called) for called in twin.layout.peers_of(function)}
    link = twin.layout.link_from(function)
    if link and spec.remote_url:
        values[spec.remote_url], values[TOKEN_VARIABLE] = links.address(link)
        values |= provider(link.target).receiver_limit.variables()
    entrance, auth = twin.layout.entrance_of(function), sender_authentication(links) if link else TOKEN
    takes_token, former = spec.token or entrance is not None, ""
    if takes_token:
        there = links.get(entrance.id) if entrance else None
        values[TOKEN_VARIABLE] = there.token if there else ""
        former = format_former(there.former) if there else ""
        auth = receiver_authentication(links, entrance) if isinstance(entrance, Link) else TOKEN
    info = json.dumps(twin.digital_twin_info(), ensure_ascii=False, separators=(",", ":"), sort_keys=True)
    values["DIGITAL_TWIN_INFO"] = info
    chosen = {name: values[name] for name in needed}
    if function in SCHEDULED:
        chosen |= {name: str(value) for name, value in twin.config.tuning.items()}
    if former:
        chosen[FORMER_VARIABLE] = former
    chosen |= auth.variables()
    room = MAX_VARIABLES_BYTES - (FORMER_BYTES if takes_token and not former else 0)
    if sum(len(k.encode()) + len(v.encode()) for k, v in chosen.items()) <= room:
        return chosen, {}
    return chosen | {"DIGITAL_TWIN_INFO": f"file:{INFO_FILE}"}, {INFO_FILE: info.encode()}


def own_files(twin: Twin, function: str) -> Mapping[str, bytes]:
    """Return the twin's own files in a function's zip: its processors, for the default-processor."""
    return twin.processors if function == "default-processor" else {}
