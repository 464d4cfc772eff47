"""Devices that the clouds of a twin's tiers cannot store."""

from __future__ import annotations

from collections.abc import Iterator

from l3kit.errors import ConfigurationError
from l3kit.providers import provider
from l3kit.tiering.format.chunks import object_key
from l3kit.tiering.transfer.receipts import RECEIPT_PREFIX
from l3kit.twin.layout import Layout

_STAMP = "2026-01-01T00:00:00.000000+00:00"
"""A time of the usual length."""


def device_problems(device_id: str, layout: Layout) -> Iterator[str]:
    """List the reasons why a cloud cannot store this device's data, one sentence for each tier."""
    if fault := provider(layout.hot).device_fault(device_id):
        yield f"the hot tier on {layout.hot} cannot hold the id {device_id!r}: {fault}"
    key = object_key(device_id, _STAMP, _STAMP, 99_999, "zstd")
    for tier, cloud, name in (("cold", layout.cold, RECEIPT_PREFIX + key), ("archive", layout.archive, key)):
        if fault := provider(cloud).key_fault(name):
            yield f"the {tier} tier on {cloud} cannot hold the id {device_id!r}: {fault}"


def checked_device(device_id: str) -> str:
    """Validate the id of a requested device. Raises: ConfigurationError if no device can have it."""
    if not isinstance(device_id, str) or not device_id:
        raise ConfigurationError("device", f"{device_id!r} is not a device id", "Name a device of the twin as text")
    try:
        device_id.encode()
    except UnicodeEncodeError:
        raise ConfigurationError(
            f"device {device_id!r}", "has a lone surrogate, which is not valid text", "Name a device of the twin"
        ) from None
    return device_id
