"""Two-record changes of what an operator stops: in the journal, and as objects in a tier (`format.stops`)."""

from __future__ import annotations

import hashlib
from collections.abc import Awaitable, Callable, Iterable
from typing import TYPE_CHECKING, TypeVar

import orjson

from l3kit.errors import ConfigurationError, KeyConflictError, L3Error, StoreError
from l3kit.given_values import first_and_nearest
from l3kit.tiering.format.chunks import is_reserved_device
from l3kit.tiering.format.stops import MAX_RECORD_BYTES, Stop, Stops
from l3kit.tiering.ports import JournalStore, ObjectStore
from l3kit.twin.device_limits import checked_device

if TYPE_CHECKING:
    from l3kit.twin.config import Twin

MAX_TEXT = 200
"""Maximum characters of the person's name, and of the reason."""
SWAP_TRIES = 10

S = TypeVar("S", bound=Stop)


def check_listed(device: str, known: Iterable[str], twin: Twin) -> None:
    """Check that a device is known. Raises: ConfigurationError with the nearest names if it is not."""
    names = [name for name in dict.fromkeys(known) if not is_reserved_device(name)]
    if checked_device(device) not in names:
        remedy = f"Devices: {first_and_nearest(device, names)}"
        raise ConfigurationError(f"device {device!r}", f"is not one of {twin.name}'s; nothing was changed", remedy)


def name_of(device: str | None) -> str:
    """Return what is stopped in words; None is the twin."""
    return "the twin" if device is None else f"device {device}"


def each(stops: Stops[S]) -> list[tuple[str | None, S]]:
    """Return the twin's stop, whose name is None, and those of devices in order."""
    named: list[tuple[str | None, S]] = [(None, stops.twin)] if stops.twin else []
    return [*named, *sorted(stops.devices.items())]


async def second_of_two(step: Awaitable[None], outcome: str) -> None:
    """Do the second of two steps. Raises: StoreError with the outcome of the first one alone."""
    try:
        await step
    except L3Error as error:
        raise StoreError(error.resource, f"{error.cause}; {outcome}", error.remedy) from None


async def change_record(
    journal: JournalStore,
    kind: type[Stops[S]],
    device: str | None,
    changed: Callable[[S | None], S | None],
    *,
    instead: str,
) -> tuple[S | None, S | None]:
    """Change one stop by compare-and-swap; after a lost answer the next round finds the change already made.

    Args:
        instead: the remedy where the record is full.
    Returns: the stop before and after.
    Raises: ConfigurationError, StoreError.
    """
    first: S | None = None
    for attempt in range(SWAP_TRIES):
        row = await journal.load(kind.record)
        stops = kind.of_row(row)
        there = stops.exactly(device)
        first = there if attempt == 0 else first
        if changed(there) == there:
            return first, there
        wanted = stops.changed(device, changed(there))
        after = wanted.row_after(row)
        if len(str(after.attributes[kind.attribute]).encode()) > MAX_RECORD_BYTES:
            cause = f"there are {len(wanted.devices):,} already, as many as one record can hold; nothing was changed"
            raise ConfigurationError(f"{kind.kind.participle} devices", cause, instead)
        if await journal.swap(kind.record, after):
            return first, wanted.exactly(device)
    raise StoreError("journal", f"{kind.record} was changed by others {SWAP_TRIES} times", "Try again")


async def put_object(store: ObjectStore, kind: type[Stops[S]], device: str | None, stop: Stop) -> None:
    """Create the object of a stop; any object that already has its key is a stop, too."""
    body = orjson.dumps({"device": device, **stop.to_json()})
    try:
        await store.create(kind.key(device), body, sha256=hashlib.sha256(body).hexdigest())
    except KeyConflictError:
        return
