"""Compares l3kit's hot-to-cold mover with a naive one, in the same run on the same machine.

Without options: 10 MB and 100 MB without latency, and 10 MB with latency, for both movers; 100 MB with it for l3kit
only. Latency means 10 ms per database request, 30 ms per object request and 75 MB/s for its body. The naive mover takes
minutes for 100 MB with latency; `--full` includes that. Moving 10 MB takes l3kit a second or less, so these cells run
three times for both movers and the quickest run counts; 100 MB runs once.
"""

from __future__ import annotations

import argparse
import json
import platform
import sys
from collections.abc import Sequence

from benchmarks.cells import Cell, Result, bare_peak_mb, measure

MOVERS = ("naive", "l3kit")
SMALL_RUNS = 3
CPU_GOAL, WALL_GOAL, MEMORY_GOAL_MB = 12.0, 25.0, 128.0


def planned(options: argparse.Namespace) -> list[Cell]:
    """The cells to run, quickest first."""
    asked = bool(options.full or options.size or options.mover)
    sizes = options.size or [10, 100]
    latencies = {"off": [False], "on": [True], "both": [False, True]}[options.latency]
    cells = [
        Cell(mover, size, latency)
        for size in sorted(set(sizes))
        for latency in latencies
        for mover in MOVERS
        if options.mover in (None, mover)
    ]
    return [cell for cell in cells if asked or cell != Cell("naive", 100, True)]


def run(cell: Cell, bare_mb: float) -> Result:
    """The quickest run of a cell, or the first in which l3kit lost or altered an item."""
    runs = [measure(cell, bare_mb) for _ in range(SMALL_RUNS if cell.megabytes == 10 else 1)]
    damaged = [result for result in runs if cell.mover == "l3kit" and not result.exact]
    return damaged[0] if damaged else min(runs, key=lambda result: result.wall_seconds)


def table(results: Sequence[Result]) -> str:
    """Format a table of the measurements and one of their requests."""
    lines = ["  MB  latency  mover    CPU s    wall s  peak MB  above bare     items equal  doubled    lost  objects"]
    for r in results:
        v = r.verdict
        what = f"{r.megabytes:4d}  {'yes' if r.latency else 'no':7}  {r.mover:5}"
        cost = f"{r.cpu_seconds:8.2f} {r.wall_seconds:9.2f} {r.peak_mb:8.1f} {r.above_bare_mb:11.1f}"
        outcome = f"{v['equal']:7,}/{v['items']:7,} {v['extra']:8,} {v['lost']:7,} {v['objects']:8,}"
        lines.append(f"{what} {cost} {outcome}")
    lines.append("\nRequests, retries included:")
    for r in results:
        kinds = ", ".join(f"{kind} {count:,}" for kind, count in sorted(r.requests.items()))
        lines.append(f"{r.megabytes:4d}  {'yes' if r.latency else 'no':7}  {r.mover:5}   {kinds}")
    return "\n".join(lines)


def ratios(results: Sequence[Result]) -> list[dict[str, object]]:
    """Ratios of naive to l3kit for cells that both ran, and l3kit's memory, each with its goal if it has one."""
    by_cell = {Cell(r.mover, r.megabytes, r.latency): r for r in results}
    found: list[dict[str, object]] = []
    for r in results:
        if r.mover != "l3kit":
            continue
        where = f"{r.megabytes} MB, {'with' if r.latency else 'no'} latency"
        if (naive := by_cell.get(Cell("naive", r.megabytes, r.latency))) is not None:
            cpu, wall = naive.cpu_seconds / r.cpu_seconds, naive.wall_seconds / r.wall_seconds
            found.append(_compared(f"{where}: naive CPU / l3kit CPU", cpu, CPU_GOAL, cpu >= CPU_GOAL))
            goal = WALL_GOAL if r.latency else None
            found.append(_compared(f"{where}: naive wall / l3kit wall", wall, goal, goal is None or wall >= goal))
        memory = r.above_bare_mb
        found.append(
            _compared(f"{where}: l3kit MB above bare", memory, MEMORY_GOAL_MB, memory < MEMORY_GOAL_MB, most=True)
        )
    return found


def _compared(what: str, value: float, goal: float | None, met: bool, *, most: bool = False) -> dict[str, object]:
    return {"what": what, "value": round(value, 1), "goal": goal, "at_most": most, "met": met}


def _ratio_line(ratio: dict[str, object]) -> str:
    goal = ""
    if ratio["goal"] is not None:
        side = "under" if ratio["at_most"] else "at least"
        goal = f"goal {side} {ratio['goal']:g}: {'met' if ratio['met'] else 'MISSED'}"
    return f"  {ratio['what']:44} {ratio['value']:8}  {goal}"


def parse(arguments: Sequence[str] | None = None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.bench", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--size", type=int, choices=(10, 100), action="append", help="MB to move; may be repeated")
    parser.add_argument("--latency", choices=("off", "on", "both"), default="both", help="which stores to run against")
    parser.add_argument("--mover", choices=MOVERS, help="only this one; no ratios then")
    parser.add_argument("--full", action="store_true", help="100 MB with latency for the naive mover as well")
    parser.add_argument("--json", action="store_true", help="print the results as one JSON object instead of tables")
    return parser.parse_args(arguments)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the benchmark. Exit code 1 if l3kit lost, altered, duplicated or left an item, whatever its speed."""
    options = parse(arguments)
    cells = planned(options)
    bare = bare_peak_mb()
    for mover in sorted({cell.mover for cell in cells}):
        measure(Cell(mover, 1, False), bare)  # compiles what it imports, as a deployed package is
    results = []
    for number, cell in enumerate(cells, 1):
        latency = "with latency" if cell.latency else "no latency"
        print(f"[{number}/{len(cells)}] {cell.mover}, {cell.megabytes} MB, {latency} ...", file=sys.stderr, flush=True)
        results.append(run(cell, bare))
    compared = ratios(results)
    if options.json:
        machine = {"python": platform.python_version(), "system": platform.system(), "machine": platform.machine()}
        content = {**machine, "bare_mb": bare, "results": [r.to_json() for r in results], "ratios": compared}
        print(json.dumps(content, indent=1))
    else:
        print(f"Python {platform.python_version()}, {platform.machine()}; a bare interpreter takes {bare:.1f} MB\n")
        print(table(results))
        print("\n" + "\n".join(map(_ratio_line, compared)))
    return 0 if all(r.exact for r in results if r.mover == "l3kit") else 1


if __name__ == "__main__":
    sys.exit(main())
