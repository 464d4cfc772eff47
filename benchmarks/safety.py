"""The cost of safety: compares l3kit's hot-to-cold mover with one of the same parts without journal and conditions.

Both move the same data from the same store, alternately. Requests and write units are exact; CPU is that of the
quickest of several runs, since other load only adds to it. The other mover deletes unconditionally.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Sequence

from benchmarks.cells import Cell, Result, bare_peak_mb, measure

MOVERS = ("unsafe", "l3kit")
REQUEST_GOAL, WRITE_GOAL, READ_GOAL, CPU_GOAL = 1.05, 1.05, 1.05, 1.10


def compared(unsafe: Sequence[Result], safe: Sequence[Result]) -> list[dict[str, object]]:
    """Ratio of safe to unsafe for each quantity, with its goal if it has one."""
    pairs = [
        ("requests", *(sum(r[0].requests.values()) for r in (unsafe, safe)), REQUEST_GOAL),
        ("write units", *(r[0].units["write"] for r in (unsafe, safe)), WRITE_GOAL),
        ("CPU seconds", *(min(x.cpu_seconds for x in r) for r in (unsafe, safe)), CPU_GOAL),
        ("read units", *(r[0].units["read"] for r in (unsafe, safe)), READ_GOAL),
    ]
    return [
        {
            "what": what,
            "unsafe": low,
            "l3kit": high,
            "ratio": high / low,
            "goal": goal,
            "met": not goal or high <= goal * low,
        }
        for what, low, high, goal in pairs
    ]


def lines(found: Sequence[dict[str, object]]) -> list[str]:
    told = [f"{'':12} {'unsafe':>12} {'l3kit':>12}   ratio"]
    for one in found:
        goal = f"  goal at most {one['goal']}: {'met' if one['met'] else 'MISSED'}" if one["goal"] else ""
        told.append(f"{one['what']:12} {one['unsafe']:12,.2f} {one['l3kit']:12,.2f} {one['ratio']:7.3f}{goal}")
    return told


def parse(arguments: Sequence[str] | None = None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.safety", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--size", type=int, default=100, choices=(1, 10, 100), help="MB to move (default 100)")
    parser.add_argument("--runs", type=int, default=7, help="runs of each mover (default 7)")
    parser.add_argument("--latency", action="store_true", help="10 ms a database request, 30 ms an object request")
    parser.add_argument("--json", action="store_true", help="print one JSON object instead of tables")
    return parser.parse_args(arguments)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the comparison. Exit code 1 if l3kit lost, altered, duplicated or left an item, whatever its cost."""
    options = parse(arguments)
    bare = bare_peak_mb()
    results: dict[str, list[Result]] = {mover: [] for mover in MOVERS}
    for number in range(options.runs):
        for mover in MOVERS:
            print(f"[run {number + 1}/{options.runs}] {mover}, {options.size} MB ...", file=sys.stderr, flush=True)
            results[mover].append(measure(Cell(mover, options.size, options.latency), bare))
    found = compared(results["unsafe"], results["l3kit"])
    if options.json:
        print(json.dumps({"compared": found, "results": [r.to_json() for m in MOVERS for r in results[m]]}, indent=1))
    else:
        print("\n".join(lines(found)))
        spread = {mover: [round(r.cpu_seconds, 2) for r in results[mover]] for mover in MOVERS}
        print(f"CPU of each run: {spread}")
    return 0 if all(result.exact for result in results["l3kit"]) else 1


if __name__ == "__main__":
    sys.exit(main())
