"""The model: a workload on a layout, priced for a month in its steady state or for one run of a mover.

A month: items arrive, stay in each tier for its days, are moved by every run, and some are read. The steady state is
reached when all tiers are full; then a tier holds the items that arrive during its retention.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import fields, replace
from decimal import Decimal
from typing import Literal, get_args

from l3kit.clouds.ports.alarms import watch_size
from l3kit.cost.model.arithmetic import EXACT, Number
from l3kit.cost.model.bill import Bill, priced
from l3kit.cost.model.expiry import expire, expire_early, expiry_schedule
from l3kit.cost.model.function_time import schedule
from l3kit.cost.model.hot_tier import hot_tier, keep_items
from l3kit.cost.model.moves import Inputs, cold_to_archive, egress, hot_to_cold
from l3kit.cost.model.object_tier import keep_objects, request, retrieve
from l3kit.cost.model.uses import Part, Sites, Tally, Use, sites_of
from l3kit.cost.model.workload import DAYS_PER_MONTH, Workload
from l3kit.errors import ConfigurationError
from l3kit.prices.price_book import PriceBook
from l3kit.prices.price_file import Provider
from l3kit.providers import billing_of
from l3kit.twin.layout import Layout

Mover = Literal["hot-to-cold-mover", "cold-to-archive-mover", "archive-expirer"]


def monthly_bill(
    workload: Workload,
    layout: Layout,
    book: PriceBook,
    regions: Mapping[Provider, str] | None = None,
    *,
    expires: bool = False,
) -> Bill:
    """Return the workload's bill for a month.

    Args:
        regions: by provider; a cloud that is not named is in its default region.
        expires: the archive expirer deletes objects after `archive_days` in the archive.
    Raises: ConfigurationError for an unknown region, or a price that the book does not have at all. A price that the
        book has as unknown makes its rows and the totals over them unknown instead.
    """
    uses: list[Use] = []
    w, sites = exact_inputs(workload), sites_of(book, replace(layout, expires=expires), regions)
    month_uses(w, sites, uses.append)
    if expires:
        runs = DAYS_PER_MONTH / w.days_between_runs
        expire(w, sites, Tally(w.ops, "archive storage", runs, uses.append), _objects_in_archive(w))
        expiry_schedule(sites, Tally(w.ops, "schedules", Decimal(1), uses.append), runs)
    return priced(uses, f"{layout}, a month", free_tiers=workload.free_tiers)


def move_bill(
    workload: Workload,
    layout: Layout,
    book: PriceBook,
    mover: Mover,
    regions: Mapping[Provider, str] | None = None,
    *,
    seconds: Decimal | None = None,
    listed_objects: int | None = None,
) -> Bill:
    """Return the bill of one run of a mover or the expirer: all devices, each with the items of `days_between_runs`.

    Args:
        seconds: duration of the run, if known; None estimates it.
        listed_objects: number of objects in the tier it lists, cold or archive; None takes the steady state's.
    Raises: ConfigurationError for an unknown region, or a price that the book does not have at all.
    """
    uses: list[Use] = []
    w, sites = exact_inputs(workload), sites_of(book, layout, regions)
    if mover == "hot-to-cold-mover":
        hot_to_cold(w, sites, Tally(w.ops, "hot to cold", Decimal(1), uses.append), seconds)
    elif mover == "cold-to-archive-mover":
        listed = _objects_in_cold(w) if listed_objects is None else Decimal(listed_objects)
        cold_to_archive(w, sites, Tally(w.ops, "cold to archive", Decimal(1), uses.append), listed, seconds)
    elif mover == "archive-expirer":
        listed = _objects_in_archive(w) if listed_objects is None else Decimal(listed_objects)
        tally = Tally(w.ops, "archive storage", Decimal(1), uses.append)
        expire(w, sites, tally, listed)
        expire_early(w, sites, tally)
    else:
        raise ConfigurationError("mover", f"{mover!r} is not a mover", f"Allowed: {', '.join(get_args(Mover))}")
    return priced(uses, f"{layout}, one run of {mover}", free_tiers=workload.free_tiers)


def usage_range(
    workload: Workload,
    layout: Layout,
    book: PriceBook,
    regions: Mapping[Provider, str] | None = None,
    *,
    share: Decimal = Decimal("0.5"),
) -> tuple[Bill, Bill, Bill]:
    """The monthly bill for less, the same and more usage: `share` fewer and more items and reads (0.5 is +-50 %)."""
    low, high = workload.scaled(1 - share), workload.scaled(1 + share)
    bills = [monthly_bill(w, layout, book, regions) for w in (low, workload, high)]
    return bills[0], bills[1], bills[2]


def exact_inputs(workload: Workload) -> Inputs:
    """The workload for Decimal arithmetic; flags become 0 and 1."""
    numbers = {f.name: Decimal(getattr(workload, f.name)) for f in fields(workload)}
    return Inputs(ops=EXACT, **numbers)


def month_uses(w: Inputs, sites: Sites, add_use: Callable[[Use], None]) -> None:
    """All uses of a month in the steady state, for either arithmetic."""
    month = w.ops.number(DAYS_PER_MONTH)
    runs = month / w.days_between_runs

    def tally(part: Part, times: Number = None) -> Tally:
        return Tally(w.ops, part, w.ops.number(1) if times is None else times, add_use)

    items_per_day = w.devices * w.items_per_device_per_day
    tier = hot_tier(sites.layout.hot)
    tier.write(tally("ingest"), sites.hot, items_per_day * month, w.stored_item_bytes, "write items")
    # An item waits for the next run, half the time between two on average.
    keep_items(
        tally("hot storage"), sites.hot, items_per_day * (w.hot_days + w.days_between_runs / 2), w.stored_item_bytes
    )
    hot_to_cold(w, sites, tally("hot to cold", runs))
    monthly = w.stored_chunks_of_run.times(runs)
    keep_objects(tally("cold storage"), sites.cold, "cold", monthly, w.cold_days)
    cold_to_archive(w, sites, tally("cold to archive", runs), _objects_in_cold(w))
    keep_objects(tally("archive storage"), sites.archive, "archive", monthly, w.archive_days)
    _reads(w, sites, tally("reads"))
    schedule(tally("schedules"), sites.hot, runs, "schedule of the hot-to-cold mover")
    schedule(tally("schedules"), sites.cold, runs, "schedule of the cold-to-archive mover")
    _alarms(w, sites, tally("schedules"))


def _alarms(w: Inputs, sites: Sites, tally: Tally) -> None:
    """The scheduled functions' alarms and the metrics that exist for them; without alarms, no price is needed.

    An alarm of dead letters would add one of each, but the model's layouts have no dead letters.
    """
    if not w.ops.any(w.alarms):
        return
    for site in {site.provider: site for site in (sites.hot, sites.cold, sites.archive)}.values():
        where, size = billing_of(site.provider).watching, watch_size(sites.layout, site.provider)
        if where is not None and size.alarms:
            tally.add(site, where, "alarms", w.alarms * size.alarms, "alarms of scheduled functions")
            tally.add(site, where, "metrics", w.alarms * size.metrics, "metrics of scheduled functions")


def _objects_in_cold(w: Inputs) -> Decimal:
    objects: Decimal = w.chunks_of_run.count * (w.cold_days / w.days_between_runs)
    return objects


def _objects_in_archive(w: Inputs) -> Decimal:
    objects: Decimal = w.chunks_of_run.count * (w.archive_days / w.days_between_runs)
    return objects


def _reads(w: Inputs, sites: Sites, tally: Tally) -> None:
    """Single items from the hot store; whole chunks from the object stores, because an item is read with its chunk."""
    ops, month = w.ops, w.ops.number(DAYS_PER_MONTH)
    reads = w.devices * w.hot_reads_per_device_per_day * month
    tier = hot_tier(sites.layout.hot)
    tier.scan(tally, sites.hot, reads, ops.number(1), w.stored_item_bytes, "read single items from hot")
    chunks, runs = w.stored_chunks_of_run, (w.cold_days / w.days_between_runs, w.archive_days / w.days_between_runs)
    cold, archived = chunks.times(runs[0] * w.cold_read_share), chunks.times(runs[1] * w.archive_read_share)
    looked = chunks.picked(ops, w.cold_lookups_per_month)
    fetched = chunks.picked(ops, w.archive_lookups_per_month)
    cold_bytes, archived_bytes = cold.bytes + looked.bytes, archived.bytes + fetched.bytes
    request(tally, sites.cold, "cold", "get", cold.count + looked.count, "read chunks from cold")
    retrieve(tally, sites.cold, cold_bytes, "read chunks from cold")
    _restore(w, sites, tally, archived.count + fetched.count, archived_bytes)
    leaving = w.reads_leave_cloud
    egress(tally, sites.layout.hot, sites, reads * w.item_bytes * leaving, "items read from outside")
    egress(tally, sites.layout.cold, sites, cold_bytes * leaving, "cold chunks read from outside")
    egress(tally, sites.layout.archive, sites, archived_bytes * leaving, "archived chunks read from outside")


def _restore(w: Inputs, sites: Sites, tally: Tally, objects: Number, stored_bytes: Number) -> None:
    """Retrieve archived chunks.

    AWS: a restore request and a fee per GB, by speed; the copy lies in S3 Standard for `restore_days`. Azure: an
    archive read and a fee per GB (standard priority). Google: class B and a fee per GB, at once.
    """
    site, ops = sites.archive, w.ops
    billing = billing_of(site.provider)
    where = billing.objects["archive"]
    if billing.restores_by_speed:
        for speed, part in (("standard", 1 - w.bulk_restores), ("bulk", w.bulk_restores)):
            tally.add(site, where, f"restore_{speed}", objects * part, f"{speed} restores")
            tally.add(site, where, f"retrieval_{speed}", stored_bytes * part, f"{speed} restores")
        days = w.restore_days / ops.number(DAYS_PER_MONTH)
        tally.add(site, billing.objects["staging"], "storage", stored_bytes * days, "restored copies")
    else:
        tally.add(site, where, "retrieval", stored_bytes, "read chunks from the archive")
    request(tally, site, "archive", "get", objects, "read chunks from the archive")
