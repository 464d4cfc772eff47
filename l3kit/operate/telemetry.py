"""Writing a few readings, given as JSON, into the hot store."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from l3kit.errors import ConfigurationError, ItemRefusedError, NotATimeError
from l3kit.operate.coroutines import run
from l3kit.operate.tier_stores import open_tiers
from l3kit.tiering.format.messages import MessageProblem, MessageRefusedError, MessageRules, Telemetry, normalise
from l3kit.twin.device_limits import checked_device

if TYPE_CHECKING:
    from l3kit.session import Session
    from l3kit.twin.config import Twin

BATCH_ITEMS = 500

Reading = tuple[str, bytes]
NO_CLOCK = datetime.max.replace(tzinfo=UTC)
"""The clock for normalising items whose times have no limit against it."""


def put_telemetry(
    session: Session, twin: Twin, readings: Sequence[Reading], *, progress: Callable[[int], None] = lambda count: None
) -> int:
    """Write readings into the hot store, their times in the canonical form; idempotent.

    Of two readings of one device and time, the later in the sequence is kept, as if they had been written in turn.

    Args:
        readings: device id and item, a JSON object with device and time as docs/reference/items.md accepts them. All
            other values are kept as written, and times of any year are accepted.
        progress: called with the number of items just written.
    Returns: the number of readings.
    Raises: ItemRefusedError naming the reading, NotATimeError, both before anything is written; StoreError.
    """
    rules = loading_rules(twin.config.time_digits)
    checked = [checked_reading(device, item, rules) for device, item in readings]

    async def put() -> int:
        async with open_tiers(session, twin) as tiers:
            if tiers.hot is None:
                raise ConfigurationError(f"twin {twin.name}", "its hot tier is on a cloud this session does not reach")
            for device, items in _batches(checked):
                await tiers.hot.put_items(device, items)
                progress(len(items))
        return len(readings)

    return run(put())


def loading_rules(time_digits: int) -> MessageRules:
    """Return the rules for an operator's data of any age and device, which check only the form."""
    return MessageRules(frozenset(), True, time_digits, earliest=None, ahead=None, max_bytes=None)


def checked_reading(device_id: str, item: bytes, rules: MessageRules) -> Telemetry:
    """Normalise a reading of this device.

    Args:
        rules: without a limit against the clock.
    Raises: ItemRefusedError if it is not an item of this device; NotATimeError if its time is not one.
    """
    where = f"reading of {checked_device(device_id)}"
    try:
        found = normalise(item, rules, NO_CLOCK)
    except MessageRefusedError as error:
        kind = NotATimeError if error.problem is MessageProblem.BAD_TIME else ItemRefusedError
        raise kind(f"{where}: {error.field}".rstrip(": "), error.cause, error.remedy) from None
    if found.device_id != device_id:
        raise ItemRefusedError(where, "its iotDeviceId is not that device's id", "Both name the device")
    return found


def _batches(readings: Sequence[Telemetry]) -> Iterator[tuple[str, list[bytes]]]:
    by_device: dict[str, dict[str, bytes]] = {}
    for reading in readings:
        by_device.setdefault(reading.device_id, {})[reading.id] = reading.json
    for device, by_time in by_device.items():
        items = list(by_time.values())
        for start in range(0, len(items), BATCH_ITEMS):
            yield device, items[start : start + BATCH_ITEMS]
