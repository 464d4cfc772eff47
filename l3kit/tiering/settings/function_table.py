"""Functions of a twin and the environment variables of each: one table for the deployer and the function alike."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal

from l3kit.tiering.receiver_limit import BYTES_VARIABLE, COUNTS_VARIABLE
from l3kit.tiering.settings.tuning import TUNING_VARIABLES
from l3kit.tiering.tokens import FORMER_VARIABLE, TOKEN_VARIABLE

StoreName = Literal["hot", "journal", "cold", "archive"]

TIMEOUT_VARIABLE = "FUNCTION_TIMEOUT_SECONDS"
SCHEDULE_VARIABLE = "MOVER_SCHEDULE"
DEFAULT_SECONDS, MAX_SECONDS = 60, 3600


@dataclass(frozen=True, slots=True)
class CloudVariables:
    """Names of the environment variables of functions on one cloud.

    Attributes:
        provider: the cloud's name.
        stores: the variable with the name of each store.
        places: the variables with the location of each store, such as an account; none if the cloud sets them.
        mover: further variables of movers, such as the time limit.
    """

    provider: str
    stores: Mapping[StoreName, str]
    places: Mapping[StoreName, tuple[str, ...]] = field(default_factory=dict)
    mover: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class FunctionSpec:
    """One function of the twin.

    Attributes:
        name: the folder under lambda_code/<provider>/ and the last part of the deployed name.
        role: determines its entry method (`l3kit.tiering.runtime.functions`).
        tier: the tier whose provider runs it.
        stores: stores it always uses.
        target: the store it writes to if that tier is on the same cloud; otherwise it uses the remote url.
        remote_url: for senders, the variable with the url of the writer on the next cloud.
        optional_store: an optional store that it only lists, available if that tier is on the same cloud.
        token: whether it always needs INTER_CLOUD_TOKEN (receivers).
    """

    name: str
    role: Literal["mover", "writer", "reader"]
    tier: Literal["l1", "l2", "hot", "cold", "archive"]
    stores: tuple[StoreName, ...] = ()
    target: StoreName | None = None
    remote_url: str | None = None
    token: bool = False
    optional_store: StoreName | None = None


FUNCTIONS: Mapping[str, FunctionSpec] = {
    spec.name: spec
    for spec in (
        FunctionSpec(
            "hot-to-cold-mover",
            "mover",
            "hot",
            ("hot", "journal"),
            "cold",
            "REMOTE_COLD_WRITER_URL",
            optional_store="archive",
        ),
        FunctionSpec("cold-writer", "writer", "cold", ("cold",), token=True, optional_store="archive"),
        FunctionSpec("cold-to-archive-mover", "mover", "cold", ("cold",), "archive", "REMOTE_ARCHIVE_WRITER_URL"),
        FunctionSpec("archive-writer", "writer", "archive", ("archive",), token=True),
        FunctionSpec("hot-reader", "reader", "hot", ("hot",)),
        FunctionSpec("hot-reader-last-entry", "reader", "hot", ("hot",)),
    )
}


def variables_for(function: str, *, cloud: CloudVariables, remote: bool, archive_here: bool) -> Sequence[str]:
    """Names of the variables the deployer must inject, DIGITAL_TWIN_INFO included, sorted.

    Args:
        cloud: the variables of the cloud that the function runs on.
        remote: the function sends to another cloud.
        archive_here: the archive tier is on the same cloud.
    """
    spec = FUNCTIONS[function]
    names = cloud.stores
    resources = [*spec.stores, *([spec.target] if spec.target and not remote else [])]
    if spec.optional_store == "archive" and archive_here:
        resources.append(spec.optional_store)
    wanted = {"DIGITAL_TWIN_INFO", *(names[r] for r in resources)}
    wanted |= {name for r in resources for name in cloud.places.get(r, ())}
    if spec.role == "mover":
        wanted |= cloud.mover
    if spec.remote_url and remote:
        wanted |= {spec.remote_url, TOKEN_VARIABLE, BYTES_VARIABLE, COUNTS_VARIABLE}
    if spec.token:
        wanted.add(TOKEN_VARIABLE)
    return sorted(wanted)


def further_variables(function: str) -> Sequence[str]:
    """Names of the optional variables of a function, in addition to those of `variables_for`."""
    return (*TUNING_VARIABLES, FORMER_VARIABLE) if FUNCTIONS[function].token else TUNING_VARIABLES
