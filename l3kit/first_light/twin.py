"""The smallest twin: two devices on one cloud, derived from its name alone, and items old enough for each tier."""

from __future__ import annotations

import json
import secrets
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

from l3kit.errors import ConfigurationError
from l3kit.twin.config import Twin

PREFIX = "firstlight-"
HOT_DAYS, COLD_DAYS = 30, 90
DUE_FOR_ARCHIVE, DUE_FOR_COLD, RECENT = 150, 150, 10
"""Items of the first device due for the archive, of the second due for the cold tier, and of both that stay hot."""
DEVICES = ("sensor-1", "sensor-ü+2")
ITEM_COUNT = DUE_FOR_ARCHIVE + DUE_FOR_COLD + RECENT * len(DEVICES)


def new_name() -> str:
    """A new, unique name."""
    return f"{PREFIX}{secrets.token_hex(4)}"


def check_name(name: str) -> str:
    """Check that this is the name of a run. Raises: ConfigurationError, since another twin would be destroyed."""
    if not name.startswith(PREFIX) or len(name) != len(PREFIX) + 8:
        raise ConfigurationError(
            f"twin {name!r}", "is not a twin of first-light; nothing was done", f"Its names are {PREFIX} and 8 digits"
        )
    return name


def write_twin(folder: Path, name: str, cloud: str) -> Twin:
    """Write the twin's files into an empty folder, the same for the same name and cloud, and load it."""
    files: Mapping[str, Any] = {
        "config": {
            "digital_twin_name": name,
            "hot_storage_size_in_days": HOT_DAYS,
            "cold_storage_size_in_days": COLD_DAYS,
            "mode": "test",
            "message_chain": False,
            "mover_schedule": "cron(0 0 1 1 ? *)",  # a rate may fire at once, in the midst of the steps
        },
        "config_iot_devices": [{"id": device} for device in DEVICES],
        "config_providers": {
            **{f"layer_{layer}_provider": cloud for layer in (1, 2)},
            **{f"layer_3_{tier}_provider": cloud for tier in ("hot", "cold", "archive")},
        },
    }
    for file, content in files.items():
        (folder / f"{file}.json").write_text(json.dumps(content), "utf-8")
    return Twin.load(folder)


def cloud_of(twin: Twin) -> str:
    """The cloud that the twin was written for."""
    (cloud,) = twin.layout.clouds
    return cloud


def items_at(now: datetime) -> dict[str, list[bytes]]:
    """The items by device: one device's are due for the archive, the other's for the cold tier, the newest stay hot."""
    ages = {DEVICES[0]: (COLD_DAYS + 30, DUE_FOR_ARCHIVE), DEVICES[1]: (HOT_DAYS + 20, DUE_FOR_COLD)}
    return {
        device: [
            *(_item(device, now - timedelta(days=days) + timedelta(minutes=n), n) for n in range(count)),
            *(_item(device, now - timedelta(hours=1) + timedelta(minutes=n), count + n) for n in range(RECENT)),
        ]
        for device, (days, count) in ages.items()
    }


def _item(device: str, moment: datetime, number: int) -> bytes:
    stamp = moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.000Z")  # the form in which l3kit keeps every time
    text = json.dumps(
        {"iotDeviceId": device, "id": stamp, "value": "EXACT", "unit": "°C", "raw": {"n": number, "ok": [True, None]}},
        ensure_ascii=False,
        separators=(",", ":"),
    )
    return text.replace('"EXACT"', f"12345678901234567{number:03d}.0123456789").encode()  # no float holds it


def counted(items: Iterable[bytes]) -> Counter[str]:
    """Items as a multiset that equals only exactly the same values."""
    return Counter(_canonical(json.loads(item, parse_float=Decimal)) for item in items)


def counted_rows(rows: Sequence[Mapping[str, Any]]) -> Counter[str]:
    """The same for the rows of a query, without their column `tier`, which is not part of an item."""
    return Counter(_canonical({name: value for name, value in row.items() if name != "tier"}) for row in rows)


def _canonical(value: Any) -> str:
    return json.dumps(value, sort_keys=True, default=str)
