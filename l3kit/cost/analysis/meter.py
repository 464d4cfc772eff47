"""Metering: price a real move's usage from its run report and compare it with the prediction."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from l3kit.cost.model.arithmetic import EXACT
from l3kit.cost.model.bill import Bill, Total, priced, total_of
from l3kit.cost.model.function_time import PACE, run_function
from l3kit.cost.model.hot_tier import hot_tier
from l3kit.cost.model.monthly import Mover, move_bill
from l3kit.cost.model.object_tier import request
from l3kit.cost.model.uses import Part, Sites, Tally, Use, sites_of
from l3kit.cost.model.workload import Workload
from l3kit.errors import ConfigurationError
from l3kit.prices.price_book import PriceBook, Site
from l3kit.prices.price_file import Provider
from l3kit.providers import ObjectTier, Operation, billing_of
from l3kit.twin.layout import Layout

if TYPE_CHECKING:
    import pandas as pd

REPORT_BYTES = Decimal(700)
_MOVERS: Mapping[str, Part] = {"hot-to-cold-mover": "hot to cold", "cold-to-archive-mover": "cold to archive"}
_OPERATIONS: Mapping[str, Operation] = {name: name for name in ("put", "get", "head", "list", "delete", "copy")}


def metered(
    reports: Sequence[Mapping[str, Any]],
    layout: Layout,
    book: PriceBook,
    regions: Mapping[Provider, str] | None = None,
    *,
    sent_ratio: Decimal | None = None,
) -> Bill:
    """Return the bill of one mover's reported runs.

    Args:
        reports: `RunReport.to_json()` of one or more invocations, as `MoverRun.reports` holds them.
        layout: the twin's; the mover's own cloud must be AWS, the one whose adapters count units.
        sent_ratio: bytes on the wire / chunk bytes, for cross-cloud runs; reports do not have it. Without it
            the egress of such a run is unknown.
    Raises: ConfigurationError for a report that is not of a mover, or of another cloud.
    """
    if not reports:
        raise ConfigurationError("run reports", "there are none", "Run a mover first")
    uses: list[Use] = []
    sites = sites_of(book, layout, regions)
    name = str(reports[0].get("function"))
    if name not in _MOVERS or any(report.get("function") != name for report in reports):
        raise ConfigurationError("run report", f"function {name!r}", f"Allowed: one of {', '.join(_MOVERS)} in all")
    site = sites.hot if name == "hot-to-cold-mover" else sites.cold
    if not billing_of(site.provider).counts_units:
        raise ConfigurationError("run report", f"{name} on {site.provider} counts no units", "Allowed: a mover on AWS")
    tally = Tally(EXACT, _MOVERS[name], Decimal(1), uses.append)
    if name == "hot-to-cold-mover":
        _hot_to_cold(_Summed.of(reports), sites, tally, sent_ratio)
    else:
        _cold_to_archive(_Summed.of(reports), sites, tally, sent_ratio)
    seconds = sum((_decimal(report, "seconds") for report in reports), Decimal(0))
    run_function(tally, site, name, Decimal(len(reports)), seconds, "measured")
    return priced(uses, f"{layout}, measured {name}")


@dataclass(frozen=True, slots=True)
class _Summed:
    """All invocations together."""

    requests: Mapping[str, int]
    read_units: Decimal
    write_units: Decimal
    bytes: Decimal
    chunks: Decimal
    runs: int

    @classmethod
    def of(cls, reports: Sequence[Mapping[str, Any]]) -> _Summed:
        requests: dict[str, int] = {}
        for report in reports:
            for kind, count in _table(report, "requests").items():
                requests[kind] = requests.get(kind, 0) + int(count)
        units = [_table(report, "units") for report in reports]
        return cls(
            requests,
            sum((_decimal(u, "read") for u in units), Decimal(0)),
            sum((_decimal(u, "write") for u in units), Decimal(0)),
            sum((_decimal(report, "bytes") for report in reports), Decimal(0)),
            sum((_decimal(report, "chunks") for report in reports), Decimal(0)),
            len(reports),
        )

    def of_role(self, role: str) -> dict[str, int]:
        return {kind.partition(".")[2]: n for kind, n in self.requests.items() if kind.partition(".")[0] == role}


def _hot_to_cold(run: _Summed, sites: Sites, tally: Tally, sent_ratio: Decimal | None) -> None:
    tier = hot_tier(sites.hot.provider)
    tally.add(sites.hot, tier.where, "read_unit", run.read_units, "items and journal read", "measured")
    tally.add(sites.hot, tier.where, "write_unit", run.write_units, "items deleted, journal written", "measured")
    # A report is stored when it is complete, so it cannot count that itself.
    tier.write(tally, sites.hot, Decimal(run.runs), REPORT_BYTES, "store the run's report", "estimated")
    if sites.layout.hot == sites.layout.cold:
        _requests(run.of_role("target"), sites.cold, "cold", tally)
    else:
        _sent(run, sites.hot, sites.cold, "cold", "cold-writer", tally, sent_ratio)


def _cold_to_archive(run: _Summed, sites: Sites, tally: Tally, sent_ratio: Decimal | None) -> None:
    cold = run.of_role("cold")
    receipts = cold.pop("put", 0)  # all that the mover writes there goes into the standard class
    _requests(cold, sites.cold, "cold", tally)
    request(tally, sites.cold, "staging", "put", Decimal(receipts), "receipts of last chunks", "measured")
    request(tally, sites.cold, "staging", "put", Decimal(run.runs), "store the run's report", "estimated")
    where = billing_of(sites.cold.provider).objects["cold"]
    tally.add(sites.cold, where, "retrieval", run.bytes, "read cold objects", "measured")
    if sites.layout.cold == sites.layout.archive:
        _requests(run.of_role("target"), sites.archive, "archive", tally)
    else:
        _sent(run, sites.cold, sites.archive, "archive", "archive-writer", tally, sent_ratio)


def _requests(counts: Mapping[str, int], site: Site, tier: ObjectTier, tally: Tally) -> None:
    for kind, count in counts.items():
        if kind not in _OPERATIONS:
            raise ConfigurationError(
                "run report: requests", f"{kind!r} has no price", f"Allowed: {', '.join(_OPERATIONS)}"
            )
        request(tally, site, tier, _OPERATIONS[kind], Decimal(count), kind, "measured")


def _sent(
    run: _Summed, sender: Site, receiver: Site, tier: ObjectTier, writer: str, tally: Tally, ratio: Decimal | None
) -> None:
    """Uses of a run that posts to a writer: counted calls, bytes by the ratio, and an estimate of the writer."""
    posts = Decimal(run.of_role("target").get("post", 0))
    sent = run.bytes * ratio if ratio is not None else Decimal("NaN")
    tally.add(sender, ("transfer", "internet"), "out", sent, "bytes sent", "estimated")
    run_function(tally, receiver, writer, posts, posts * PACE.writer)
    request(tally, receiver, tier, "put", run.chunks, "store", "estimated")


@dataclass(frozen=True, slots=True)
class Agreement:
    """Predicted and measured cost of a move. `lines`: billed items, with both amounts in USD."""

    predicted: Bill
    measured: Bill

    @property
    def lines(self) -> dict[str, tuple[Total, Total]]:
        """Amounts by price; a price has the same name in both bills."""
        names = dict.fromkeys(
            f"{row.key.provider} {row.key.service}.{row.key.tier}.{row.key.rate}"
            for bill in (self.measured, self.predicted)
            for row in bill.rows
        )
        return {name: (_part(self.predicted, name), _part(self.measured, name)) for name in names}

    @property
    def difference(self) -> Decimal | None:
        """(predicted - measured) / measured of the totals; None where one is incomplete or nothing was measured."""
        predicted, measured = self.predicted.total.amount, self.measured.total.amount
        if predicted is None or not measured:
            return None
        return (predicted - measured) / measured

    def summary(self) -> str:
        """One line for people."""
        difference = self.difference
        totals = f"predicted {self.predicted.total}, measured {self.measured.total}"
        return totals if difference is None else f"{totals}: {difference * 100:+.1f} %"

    def to_frame(self) -> pd.DataFrame:
        """One row per price: predicted and measured USD, and the difference in per cent."""
        import pandas as pd

        rows = []
        for name, (predicted, measured) in self.lines.items():
            share = None
            if predicted.complete and measured.complete and measured.known:
                share = float((predicted.known - measured.known) / measured.known * 100)
            rows.append([name, predicted.amount, measured.amount, share])
        rows.append(
            [
                "total",
                self.predicted.total.amount,
                self.measured.total.amount,
                None if self.difference is None else float(self.difference * 100),
            ]
        )
        return pd.DataFrame(rows, columns=["price", "predicted USD", "measured USD", "difference %"])


def workload_from_reports(
    reports: Sequence[Mapping[str, Any]], workload: Workload, item_bytes: int, hot_bytes: int
) -> Workload:
    """The workload with a run's measured devices, items per device, and item sizes.

    Args:
        item_bytes, hot_bytes: means, as from `compression.measure`.
    Raises: ConfigurationError if the run moved nothing.
    """
    devices = {device["device_id"] for report in reports for device in report["devices"]}
    items = sum((_decimal(report, "items") for report in reports), Decimal(0))
    if not devices or not items:
        raise ConfigurationError("run reports", "nothing was moved", "Allowed: reports of a run that moved items")
    return replace(
        workload,
        devices=Decimal(len(devices)),
        items_per_device_per_day=items / len(devices),
        days_between_runs=Decimal(1),
        item_bytes=Decimal(item_bytes),
        hot_item_bytes=Decimal(hot_bytes),
    )


def compare_with_prediction(
    reports: Sequence[Mapping[str, Any]],
    workload: Workload,
    layout: Layout,
    book: PriceBook,
    regions: Mapping[Provider, str] | None = None,
) -> Agreement:
    """Compare a measured move with the model's prediction of it.

    Both use the measured run time: no price model knows the speed of an emulator or a busy Lambda.

    Args:
        workload: as of the move: each device's items since the last run are
            `items_per_device_per_day * days_between_runs`; `workload_from_reports` makes one from the reports.
    """
    measured = metered(reports, layout, book, regions, sent_ratio=workload.wire_ratio)
    mover: Mover = reports[0]["function"]
    predicted = move_bill(
        workload,
        layout,
        book,
        mover,
        regions,
        seconds=sum((_decimal(report, "seconds") for report in reports), Decimal(0)),
        listed_objects=sum(int(report["chunks"]) for report in reports),
    )
    return Agreement(predicted, measured)


def _part(bill: Bill, name: str) -> Total:
    return total_of(
        row for row in bill.rows if f"{row.key.provider} {row.key.service}.{row.key.tier}.{row.key.rate}" == name
    )


def _table(report: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    value = report.get(name)
    if not isinstance(value, Mapping):
        raise ConfigurationError("run report", f"has no table {name!r}", "Pass the result of RunReport.to_json()")
    return value


def _decimal(report: Mapping[str, Any], name: str) -> Decimal:
    value = report.get(name)
    if isinstance(value, bool) or not isinstance(value, int | float) or value < 0:
        raise ConfigurationError(f"run report: {name}", f"{value!r} is not allowed", "Allowed: a number, 0 or more")
    return Decimal(str(value))
