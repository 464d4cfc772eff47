"""Notes of a plan on the expiry of a twin's data: what will be deleted, what is kept of it, and what that costs."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from l3kit.clouds.ports.retention import retention_of
from l3kit.prices.price_book import PriceBook, default_regions, load_prices
from l3kit.providers import provider
from l3kit.tiering.counts import count_of
from l3kit.tiering.settings.function_table import EXPIRER
from l3kit.tiering.settings.twin_info import ARCHIVE_DAYS

if TYPE_CHECKING:
    from l3kit.clouds.ports.cloud import Cloud
    from l3kit.deploy.plan import Step
    from l3kit.twin.config import Twin


def expiry_notes(twin: Twin, steps: Sequence[Step], archive: Cloud | None = None) -> tuple[str, ...]:
    """Return the plan's notes on expiry: none for a twin whose data are, and always were, kept for ever.

    Args:
        archive: the archive's cloud; None where the session has no access to it.
    """
    days = twin.config.archive_storage_size_in_days
    if days is None:
        gone = any(step.action == "delete" and step.kind == "function" and EXPIRER in step.name for step in steps)
        end = f"Nothing expires any more, since {ARCHIVE_DAYS} is not set: {EXPIRER} is removed, and its role with it."
        return (end,) if gone else ()
    cloud = twin.layout.archive
    expiry = (
        f"Expiry: data older than {count_of(days, 'day')} are deleted from the archive on {cloud}, "
        f"by {EXPIRER}, {twin.config.expiry_schedule}, {_kept(twin, cloud, archive)}. "
        f"l3kit run {EXPIRER} --dry-run shows what is due."
    )
    note = early_deletion(cloud, days - twin.config.cold_storage_size_in_days)
    return (expiry, note) if note else (expiry,)


def _kept(twin: Twin, cloud: str, archive: Cloud | None) -> str:
    """Return in words what the archive keeps of expired chunks, and for how long."""
    if "retention" not in provider(cloud).parts:
        return f"as {provider(cloud).title} deletes objects"
    kept = retention_of(cloud).of_expired(archive, twin)
    if kept is None:
        return "permanently"
    until = "" if kept.days is None else f" for {count_of(kept.days, 'day')} more, which are billed"
    return f"and then {kept.what}{until} (docs/how-to/expiry.md)"


def early_deletion(cloud: str, kept_days: int, book: PriceBook | None = None) -> str:
    """Return a sentence if objects leave the archive before its minimum storage time has passed; otherwise "".

    Args:
        kept_days: how long an object is in the archive.
        book: None is l3kit's own.
    """
    billing = provider(cloud).billing
    if billing is None:
        return ""
    found = (book or load_prices()).find(cloud, default_regions()[cloud], *billing.objects["archive"], "min_duration")
    least = int(found.value) if found is not None and found.value is not None else 0
    if kept_days >= least:
        return ""
    return (
        f"The archive class of {provider(cloud).title} bills at least {least:,} days: what it holds for "
        f"{count_of(kept_days, 'day')} is billed for {least - kept_days:,} more (docs/how-to/expiry.md)."
    )
