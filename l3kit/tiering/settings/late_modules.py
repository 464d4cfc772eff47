"""Late modules: those that only some functions use, and import in a function body.

An import in a function body is followed to one of these only for the functions that list it here, and to any other
module for every function. So a module that is not listed is in all zips; one that is listed for too few functions is
missing in a zip.
"""

from __future__ import annotations

import importlib
from collections.abc import Collection, Iterable, Iterator, Mapping
from typing import Literal

from l3kit.tiering.settings.function_table import FUNCTIONS, peers_of

Use = Literal["hot", "creates", "journal", "objects", "peers", "feedback", "events"]
"""Parts of its cloud that a function uses.

`creates` writes items to the hot tier; `events` parses those of a source or a function in the cloud's format.
"""
CloudModules = Mapping[Use, tuple[str, ...]]
"""A cloud's modules for each use."""
NO_MODULES: CloudModules = {}

_RUNTIME, _STREAM = "l3kit.tiering.runtime.", "l3kit.tiering.stream."
_MOVERS, _TRANSFER = "l3kit.tiering.movers.", "l3kit.tiering.transfer."
_CHAIN = _RUNTIME + "chain"
_WIRE = _TRANSFER + "wire"
_RECEIVING = _STREAM + "receiving"
_HOT_WRITING = _STREAM + "hot_writing"

LATE_MODULES: Mapping[str, tuple[str, ...]] = {
    "hot-to-cold-mover": (_MOVERS + "hot_to_cold", _MOVERS + "local_target"),
    "cold-writer": (_TRANSFER + "cold_writer", _WIRE),
    "cold-to-archive-mover": (_MOVERS + "cold_to_archive", _MOVERS + "archive_targets"),
    "archive-writer": (_TRANSFER + "archive_writer", _WIRE),
    "archive-expirer": (_MOVERS + "archive_expirer",),
    "dispatcher": (_CHAIN, _STREAM + "relay", _STREAM + "dispatcher"),
    "connector": (_CHAIN, _STREAM + "relay"),
    "ingestion": (_CHAIN, _RECEIVING, _WIRE),
    "default-processor": (_CHAIN, _STREAM + "processor_process", _STREAM + "processor_step"),
    "persister": (_CHAIN, _STREAM + "persister", _HOT_WRITING),
    "event-checker": (_CHAIN, _STREAM + "events", _STREAM + "event_checker", _STREAM + "action_calls"),
    "feedback-receiver": (_CHAIN, _STREAM + "feedback_receiving", _WIRE),
    "writer": (_CHAIN, _RECEIVING, _WIRE, _HOT_WRITING),
    "hot-reader": (_RUNTIME + "readers",),
    "hot-reader-last-entry": (_RUNTIME + "readers",),
}
SENDER = _TRANSFER + "sender"
SENDING_MODULES: Mapping[str, tuple[str, ...]] = {
    "hot-to-cold-mover": (_MOVERS + "remote_target", SENDER),
    "cold-to-archive-mover": (SENDER,),
    "connector": (_RUNTIME + "senders", SENDER),
    "persister": (_RUNTIME + "senders", SENDER),
}
"""Late modules for sending to another cloud, which import `requests`."""
OCCASIONAL_MODULES: Mapping[str, tuple[str, ...]] = {
    "event-checker": (_TRANSFER + "connection", _STREAM + "feedback_sending", _RUNTIME + "senders", SENDER),
    "hot-reader": (_RUNTIME + "reader_requests", _WIRE),
    "hot-reader-last-entry": (_RUNTIME + "reader_requests", _WIRE),
}
"""Late modules that only some deployments or calls use.

They are for actions that call a url or send feedback to another cloud, and for readers with an address.
"""


def uses_of(function: str) -> tuple[Use, ...]:
    """Return a function's uses of its cloud."""
    spec = FUNCTIONS[function]
    stores = {name for name in (*spec.stores, spec.target, spec.optional_store) if name}
    calls = function == "event-checker" or bool(peers_of(function, l1_apart=False, events=True))
    return (*_uses(function, stores, calls), *(("feedback",) if function == "event-checker" else ()))


def late_modules_of(function: str, cloud: CloudModules) -> frozenset[str]:
    """Return the late modules that a function may import."""
    own = (table.get(function, ()) for table in (LATE_MODULES, SENDING_MODULES, OCCASIONAL_MODULES))
    return frozenset(name for names in (*own, *(cloud.get(use, ()) for use in uses_of(function))) for name in names)


def all_late_modules(cloud: CloudModules) -> frozenset[str]:
    """Return the late modules of all functions."""
    return frozenset().union(*cloud.values(), *(late_modules_of(function, {}) for function in FUNCTIONS))


def modules_at_start(
    function: str, cloud: CloudModules, *, stores: Collection[str], calls: bool, sends: bool
) -> tuple[str, ...]:
    """Return the late modules that most calls of a deployed function import.

    Dead letters are the exception among the stores.

    Args:
        stores: the function's.
        calls: it calls other functions of the twin.
        sends: it sends to another cloud.
    """
    needed = _uses(function, {*stores} - {"letters"}, calls)
    sending = SENDING_MODULES.get(function, ()) if sends else ()
    return (*LATE_MODULES[function], *sending, *(name for use in needed for name in cloud.get(use, ())))


def load(modules: Iterable[str]) -> None:
    """Import modules while the function starts, so that its first call does not wait for them."""
    for name in modules:
        importlib.import_module(name)


def _uses(function: str, stores: Collection[str], calls: bool) -> Iterator[Use]:
    if "hot" in stores:
        yield "hot"
        if FUNCTIONS[function].role in ("step", "writer"):
            yield "creates"
    if "journal" in stores:
        yield "journal"
    if {*stores} & {"cold", "archive", "letters"}:
        yield "objects"
    if calls:
        yield "peers"
    if FUNCTIONS[function].role in ("source", "step"):
        yield "events"
    if function == "feedback-receiver":
        yield "feedback"
