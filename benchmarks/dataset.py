"""Deterministic telemetry as DynamoDB's wire JSON.

100 MB are 300,000 items of ten devices. Each has eight attributes, including a nested map, a number with more digits
than a float can hold, escaped quotes and non-ASCII text, all of which a careless mover damages.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from random import Random


def device_ids(count: int) -> tuple[str, ...]:
    """The devices that share the items."""
    return tuple(f"station-{number:02d}" for number in range(count))


DEVICES = device_ids(10)
ITEMS_PER_MB = 3_000
FIRST = datetime(2026, 1, 1, tzinfo=UTC)
STEP = timedelta(seconds=60)
CUTOFF = datetime(2026, 6, 1, tzinfo=UTC)
"""A cutoff after every item, so that a move empties the table."""

_PLACES = ("Zürich, Gebäude 7", "København Ø", "São Paulo – Sé", "東京都千代田区")
_NOTES = (
    r"operator wrote: \"sensor cleaned, offset 0.2\" and left it running until the next day",
    r"calibrated against the \"reference\" on floor 2\\east wing of the plant, next visit in spring",
    r"no remark; the \"night\" profile was active and the fan ran at low speed from dusk until dawn",
)


def device_items(device: int, count: int) -> Iterator[tuple[str, bytes]]:
    """Generate a device's items in time order: sort key, and the item in wire form (compact JSON)."""
    random = Random(device)
    device_id = device_ids(device + 1)[-1]
    place = _PLACES[device % len(_PLACES)]
    for index in range(count):
        moment = FIRST + index * STEP + timedelta(milliseconds=random.randrange(60_000))
        sort_key = f"{moment:%Y-%m-%dT%H:%M:%S}.{moment.microsecond // 1000:03d}Z"
        digits = random.randrange(10**18, 10**19)
        wire = (
            f'{{"iotDeviceId":{{"S":"{device_id}"}},"id":{{"S":"{sort_key}"}},'
            f'"temperature":{{"N":"{random.randrange(-3000, 4500) / 100}"}},'
            f'"energyTotal":{{"N":"{10_000 + index}.{digits}"}},'
            f'"status":{{"S":"{_NOTES[index % len(_NOTES)]}"}},"place":{{"S":"{place}"}},'
            f'"valid":{{"BOOL":{"false" if index % 17 == 0 else "true"}}},'
            f'"channels":{{"M":{{"humidity":{{"N":"{random.randrange(100, 1000) / 10}"}},'
            f'"voltage":{{"N":"{random.randrange(3000, 4200) / 1000}"}},'
            f'"raw":{{"L":[{{"N":"{random.randrange(4096)}"}},{{"N":"{random.randrange(4096)}"}}]}}}}}}}}'
        )
        yield sort_key, wire.encode()
