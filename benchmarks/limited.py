"""Compares movers on a store with DynamoDB's documented limits: `python -m benchmarks.limited`.

l3kit's mover as deployed, a naive one and a naive one with threads (boto3) move the same items of 1, 10 and 100
devices, with the limits and without. The ideal wall time is the larger of what the limits leave possible and of what
the same mover takes without them; the ideal number of requests is that of the run without. Latency is a cloud's: 10 ms
for a database request, 30 ms for an object request. `--limits` chooses the table; `--quick` moves little.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Sequence
from dataclasses import asdict

from benchmarks.dataset import ITEMS_PER_MB
from benchmarks.limited_cells import MOST_DEVICES, Load, Pair, Run, measure
from benchmarks.rates.dynamodb import ON_DEMAND, PARTITION, PROVISIONED_FORM, DynamoLimits, limits_of

MOVERS = ("l3kit", "naive", "threads")
QUICK = "provisioned:300:100:1"
"""Limits that 300 items reach."""
HEADER = (
    "| devices | mover | limits | wall s | ideal s | ratio | CPU s | ratio | requests | ideal | ratio "
    "| throttled | peak MB | items moved once | equal |\n"
    "|---|---|---|---|---|---|---|---|---|---|---|---|---|---|---|"
)


def rows(pair: Pair) -> list[str]:
    """Two lines of the table: the run without limits, and the one with them."""
    lines = []
    for run, ratios in ((pair.free, None), (pair.limited, pair)):
        sent, throttled = sum(run.requests.values()), sum(run.throttled.values())
        v = run.verdict
        wall = "|" if ratios is None else f"{ratios.ideal_wall:.1f} | {ratios.wall_ratio:.2f}"
        cpu = "" if ratios is None else f"{ratios.cpu_ratio:.2f}"
        requests = "|" if ratios is None else f"{ratios.ideal_requests:,} | {ratios.request_ratio:.2f}"
        lines.append(
            f"| {run.load.devices} | {run.mover} | {run.limits} | {run.wall:.1f} | {wall} | {run.cpu:.2f} | {cpu} "
            f"| {sent:,} | {requests} | {throttled:,} | {run.peak_mb:.0f} "
            f"| {run.once:,} of {v['items']:,} | {v['equal']:,} |"
        )
    return lines


def summary(limits: DynamoLimits) -> str:
    """The limits in words."""
    table, burst = limits.table, limits.burst
    return (
        f"A partition gives {PARTITION['write']:,.0f} write and {PARTITION['read']:,.0f} read units a second, "
        f"the table {table['write']:,.0f} and {table['read']:,.0f} ({limits.name}), with {burst:g} s of burst."
    )


def beside_lines(pair: Pair) -> list[str]:
    """What the devices' own writers got, without limits and with them."""
    lines = []
    for run in (pair.free, pair.limited):
        b, rate = run.beside, run.load.beside
        if b is None or not rate:
            continue
        got = b.put / b.seconds / run.load.devices
        lines.append(
            f"Beside {run.mover}, {run.load.devices} devices, limits {run.limits}: each writes {rate:g} items a second "
            f"and got {got:.1f}, {b.first / max(1, b.put):.0%} at the first try; the slowest batch: {b.slowest:.1f} s"
        )
    return lines


def to_json(pair: Pair) -> dict[str, object]:
    ratios = {name: getattr(pair, name) for name in ("wall_ratio", "request_ratio", "cpu_ratio", "ideal_wall")}
    runs = {name: asdict(run) for name, run in (("free", pair.free), ("limited", pair.limited))}
    for run in runs.values():
        run["taken"] = [[*where, units] for where, units in run["taken"].items()]
    return {**runs, **ratios, "exact": pair.free.exact and pair.limited.exact}


def parse(arguments: Sequence[str] | None = None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.limited", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--mb", type=float, default=10, help="megabytes to move (default 10)")
    parser.add_argument("--devices", type=int, nargs="+", default=[1, 10, 100], help=f"1 to {MOST_DEVICES}")
    parser.add_argument("--movers", nargs="+", choices=MOVERS, default=MOVERS)
    parser.add_argument("--limits", default=ON_DEMAND.name, help=f"on-demand (default), quota or {PROVISIONED_FORM}")
    parser.add_argument("--beside", type=float, default=0, help="items a second that each device writes meanwhile")
    parser.add_argument("--runs", type=int, default=1, help="runs of each, of which the quickest counts (default 1)")
    parser.add_argument("--quick", action="store_true", help=f"0.1 MB, 1 and 10 devices, {QUICK}, no latency")
    parser.add_argument("--json", action="store_true", help="print one JSON object instead of tables")
    options = parser.parse_args(arguments)
    if options.quick:
        options.mb, options.devices, options.limits = 0.1, [1, 10], QUICK
    if not all(1 <= count <= MOST_DEVICES for count in options.devices):
        parser.error(f"--devices are 1 to {MOST_DEVICES}")
    if options.runs < 1 or options.beside < 0 or int(options.mb * ITEMS_PER_MB) < max(options.devices):
        parser.error("--runs are at least 1, --beside at least 0, and --mb enough for an item of each device")
    try:
        if limits_of(options.limits) is None:
            parser.error("--limits off leaves nothing to compare: each mover runs without limits anyway")
    except ValueError as problem:
        parser.error(str(problem))
    return options


def best(mover: str, load: Load, limits: str, options: argparse.Namespace) -> Run:
    """The quickest run, or the first in which an item was not moved once."""
    runs = [measure(mover, load, limits, latency=not options.quick) for _ in range(options.runs)]
    failed = [run for run in runs if not (run.exact if mover == "l3kit" else run.all_moved_once)]
    return failed[0] if failed else min(runs, key=lambda run: run.wall)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the comparison. Exit code 1 if l3kit lost, altered, duplicated or left an item, whatever its speed."""
    options = parse(arguments)
    limits = limits_of(options.limits)
    assert limits is not None
    pairs = []
    if not options.json:
        print(f"{summary(limits)}\n\n{HEADER}")
    for mover in options.movers:
        measure(mover, Load(0.01, 1), "off", latency=False)  # compiles what it imports, as a deployed package is
    for devices in options.devices:
        for mover in options.movers:
            load = Load(options.mb, devices, options.beside)
            print(f"{mover}, {options.mb:g} MB of {devices} devices ...", file=sys.stderr, flush=True)
            pairs.append(Pair(limits, *(best(mover, load, name, options) for name in ("off", limits.name))))
            if not options.json:
                print("\n".join(rows(pairs[-1])), flush=True)
    if options.beside and not options.json:
        print("\n" + "\n".join(line for pair in pairs for line in beside_lines(pair)))
    if options.json:
        print(json.dumps([to_json(pair) for pair in pairs], indent=1))
    ours = [pair for pair in pairs if pair.limited.mover == "l3kit"]
    return 0 if all(pair.free.exact and pair.limited.exact for pair in ours) else 1


if __name__ == "__main__":
    sys.exit(main())
