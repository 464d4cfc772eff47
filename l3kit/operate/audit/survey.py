"""The first pass of an audit: devices, number of chunks, and keys that no mover writes."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field

from l3kit.notebook.gaps import Gap
from l3kit.operate.audit.faults import Fault, Finding
from l3kit.operate.audit.look import AuditedStores, AuditedTier, chunk_key
from l3kit.operate.audit.settings import Sample
from l3kit.operate.erase.record import RECORD_PREFIX, is_unfinished, unfinished
from l3kit.tiering.format.chunks import CANARY_DEVICE, device_prefix, is_reserved_device
from l3kit.tiering.format.expiry import EXPIRED_PREFIX
from l3kit.tiering.format.holds import Holds
from l3kit.tiering.format.pauses import Pauses
from l3kit.tiering.journal import DEVICE_PREFIX
from l3kit.tiering.movers.archive_expirer import REPORT_PREFIX as EXPIRER_REPORTS
from l3kit.tiering.movers.cold_to_archive import REPORT_PREFIX
from l3kit.tiering.ports import ObjectInfo
from l3kit.tiering.transfer.multipart import PARTS_PREFIX
from l3kit.tiering.transfer.receipts import RECEIPT_PREFIX

OWN = (
    REPORT_PREFIX,
    EXPIRER_REPORTS,
    RECEIPT_PREFIX,
    PARTS_PREFIX,
    EXPIRED_PREFIX,
    RECORD_PREFIX,
    Holds.prefix,
    Pauses.prefix,
    device_prefix(CANARY_DEVICE),
)


@dataclass(slots=True)
class Survey:
    """The findings of a listing of all objects.

    Attributes:
        devices: all that have a chunk or a record in the journal.
        chunks: number of all, and of those in the sample.
        own: objects of l3kit's own.
        erasing: devices whose erase was interrupted, or is under way.
    """

    devices: set[str] = field(default_factory=set)
    chunks: int = 0
    sampled: int = 0
    own: int = 0
    erasing: set[str] = field(default_factory=set)


async def survey(stores: AuditedStores, device: str, sample: Sample, accuse: Callable[[Fault], None]) -> Survey:
    """List the tiers and the journal.

    Args:
        device: only this one; empty is all.
        accuse: called with each object whose key no mover writes.
    Raises: StoreError.
    """
    found = Survey()
    records: list[str] = []
    for place in stores.tiers():
        async for info in _listed(place, device):
            key = chunk_key(info.key)
            if info.key.startswith(OWN):
                found.own += 1
                records += [info.key] if info.key.startswith(RECORD_PREFIX) else []
            elif key is None or is_reserved_device(key.device_id):
                if await place.store.head(info.key) is not None:
                    accuse(_foreign(place, info))
            elif not device or key.device_id == device:
                found.devices.add(key.device_id)
                found.chunks += 1
                found.sampled += sample.takes(info.key)
    if stores.journal is not None:
        names = [DEVICE_PREFIX + device] if device else await stores.journal.names(DEVICE_PREFIX)
        known = [name.removeprefix(DEVICE_PREFIX) for name in names if await _has_record(stores, name, device)]
        found.devices |= {*known} - {CANARY_DEVICE}
    found.erasing = unfinished(records)
    if device and stores.archive is not None and await is_unfinished(stores.archive.store, device):
        found.erasing.add(device)
    return found


async def _has_record(stores: AuditedStores, name: str, device: str) -> bool:
    if not device or stores.journal is None:
        return True
    return await stores.journal.load(name) is not None


def _listed(place: AuditedTier, device: str) -> AsyncIterator[ObjectInfo]:
    return place.store.list(device_prefix(device) if device else "")


def _foreign(place: AuditedTier, info: ObjectInfo) -> Fault:
    what = f"no mover writes such a key ({info.size:,} bytes of {info.modified:%Y-%m-%d})"
    return Fault.at(place.tier, place.cloud, info.key, Finding("foreign key", what))


def unreached_gap(tier: str, cloud: str, what: str) -> Gap:
    """Return the gap of an audit if the journal or a tier is not reached."""
    reason = f"is on {cloud}, which this session does not reach, so gaps and totals were not looked for"
    return Gap(tier, what, reason, f"Connect to {cloud} as well")
