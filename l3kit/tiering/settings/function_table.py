"""Functions of a twin and the environment variables of each: one table for the deployer and the function alike."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Any, Literal, NamedTuple

from l3kit.tiering.link_auth import AUTH_VARIABLE, TOKEN_UNTIL_VARIABLE
from l3kit.tiering.receiver_limit import BYTES_VARIABLE, COUNTS_VARIABLE
from l3kit.tiering.settings.tuning import TUNING_VARIABLES
from l3kit.tiering.tokens import FORMER_VARIABLE, TOKEN_VARIABLE

StoreName = Literal["hot", "journal", "cold", "archive", "letters"]
"""`letters`: the dead letters, messages that could not be processed, each with its reason."""
LayerName = Literal["l1", "l2", "hot", "cold", "archive"]

EXPIRER = "archive-expirer"
"""The function that deletes data from the archive, of a twin whose data expire."""
TIMEOUT_VARIABLE = "FUNCTION_TIMEOUT_SECONDS"
SCHEDULE_VARIABLE = "MOVER_SCHEDULE"
DEFAULT_SECONDS, MAX_SECONDS = 60, 3600
NOTHING: Mapping[Any, Any] = {}


class CloudVariables(NamedTuple):
    """Names of the environment variables of functions on one cloud.

    Attributes:
        provider: the cloud's name.
        stores: the variable with the name of each store.
        places: the variables with the location of each store, such as an account; none if the cloud sets them.
        mover: further variables of movers and of the expirer, such as the time limit.
        chain: further variables of the functions of the message chain, such as the time limit.
        single: further variables of single functions, by the function's name.
        peers: the variable that says how to call each function of the message chain that another one calls.
    """

    provider: str
    stores: Mapping[StoreName, str]
    places: Mapping[StoreName, tuple[str, ...]] = NOTHING
    mover: frozenset[str] = frozenset()
    peers: Mapping[str, str] = NOTHING
    chain: frozenset[str] = frozenset()
    single: Mapping[str, frozenset[str]] = NOTHING

    def further(self, spec: FunctionSpec) -> frozenset[str]:
        """Return the further variables of a function."""
        of_role = self.mover if spec.is_scheduled else self.chain if "letters" in spec.stores else frozenset()
        return of_role | self.single.get(spec.name, frozenset())


class FunctionSpec(NamedTuple):
    """One function of the twin.

    Attributes:
        name: the folder under lambda_code/<provider>/ and the last part of the deployed name (`twin.naming`).
        role: determines its entry method (`l3kit.tiering.runtime.functions`): a `source` gets what devices sent, a
            `step` is called by another function, a `writer` takes HTTP requests from another cloud; a schedule starts
            a `mover`, and an `expirer`, which deletes.
        tier: the layer or tier whose provider runs it.
        stores: stores it always uses.
        target: the store it writes to if that tier is on the same cloud; otherwise it uses the remote url.
        remote_url: for senders, the variable with the url of the receiver on the next cloud.
        optional_store: an optional store that it only lists, available if that tier is on the same cloud.
        token: whether it always needs INTER_CLOUD_TOKEN (receivers). A reader needs it if it has an address.
        sends_to: for senders without a `target`, the layer whose cloud runs the receiver.
    """

    name: str
    role: Literal["source", "step", "writer", "mover", "expirer", "reader"]
    tier: LayerName
    stores: tuple[StoreName, ...] = ()
    target: StoreName | None = None
    remote_url: str | None = None
    token: bool = False
    optional_store: StoreName | None = None
    sends_to: LayerName | None = None

    @property
    def is_scheduled(self) -> bool:
        """Return whether a schedule starts it."""
        return self.role in ("mover", "expirer")


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
        FunctionSpec(EXPIRER, "expirer", "archive", ("archive",)),
        FunctionSpec("dispatcher", "source", "l1", ("letters",)),
        FunctionSpec("connector", "step", "l1", ("letters",), remote_url="REMOTE_INGESTION_URL", sends_to="l2"),
        FunctionSpec("ingestion", "writer", "l2", ("letters",), token=True),
        FunctionSpec("default-processor", "step", "l2", ("letters",)),
        FunctionSpec("persister", "step", "l2", ("letters",), "hot", "REMOTE_WRITER_URL"),
        FunctionSpec("event-checker", "step", "l2", ("letters",), remote_url="REMOTE_FEEDBACK_URL", sends_to="l1"),
        FunctionSpec("feedback-receiver", "writer", "l1", token=True),
        FunctionSpec("writer", "writer", "hot", ("hot", "letters"), token=True),
        FunctionSpec("hot-reader", "reader", "hot", ("hot",)),
        FunctionSpec("hot-reader-last-entry", "reader", "hot", ("hot",)),
    )
}


def peers_of(function: str, *, l1_apart: bool, events: bool) -> tuple[str, ...]:
    """Return the functions on the same cloud that this one calls.

    Args:
        l1_apart: layers 1 and 2 are on different clouds.
        events: the twin has events to check.
    """
    if function == "dispatcher":
        return ("connector",) if l1_apart else ("default-processor",)
    if function == "persister":
        return ("event-checker",) if events else ()
    return {"ingestion": ("default-processor",), "default-processor": ("persister",)}.get(function, ())


def variables_for(
    function: str,
    *,
    cloud: CloudVariables,
    remote: bool,
    archive_here: bool,
    peers: Collection[str] = (),
    has_address: bool = False,
) -> Sequence[str]:
    """Names of the variables the deployer must inject, DIGITAL_TWIN_INFO included, sorted.

    Args:
        cloud: the variables of the cloud that the function runs on.
        remote: the function sends to another cloud.
        archive_here: the archive tier is on the same cloud.
        peers: the functions that it calls (`peers_of`).
        has_address: it takes HTTP requests with a token.
    """
    spec = FUNCTIONS[function]
    names = cloud.stores
    resources = [*spec.stores, *([spec.target] if spec.target and not remote else [])]
    if spec.optional_store == "archive" and archive_here:
        resources.append(spec.optional_store)
    wanted = {"DIGITAL_TWIN_INFO", *(names[r] for r in resources)}
    wanted |= {name for r in resources for name in cloud.places.get(r, ())}
    wanted |= cloud.further(spec)
    if spec.remote_url and remote:
        wanted |= {spec.remote_url, TOKEN_VARIABLE, BYTES_VARIABLE, COUNTS_VARIABLE}
    if spec.token or has_address:
        wanted.add(TOKEN_VARIABLE)
    wanted |= {cloud.peers[peer] for peer in peers}
    return sorted(wanted)


def further_variables(function: str, *, has_address: bool = False) -> Sequence[str]:
    """Names of the optional variables of a function, in addition to those of `variables_for`."""
    spec = FUNCTIONS[function]
    former = (FORMER_VARIABLE,) if spec.token or has_address else ()
    receiving = (AUTH_VARIABLE, TOKEN_UNTIL_VARIABLE) if spec.token else ()
    sending = (AUTH_VARIABLE,) if spec.remote_url else ()
    return (*TUNING_VARIABLES, *former, *receiving, *sending)
