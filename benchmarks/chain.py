"""Compares l3kit's message chain with a naive one, in the same run: `python -m benchmarks.chain`.

Messages go through dispatcher, default-processor and persister into the stub's DynamoDB, in batches as a source
delivers them: one message an invocation (AWS IoT, Pub/Sub) or many (Event Hubs). Each measurement is a process of its
own with an empty table; start-up is not counted. Both ways run in turn, and the run with the least CPU counts.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass

from benchmarks.cells import ROOT, ask, function_environment, served
from benchmarks.chain_worker import WARM_UP

WAYS = ("naive", "l3kit")
BATCHES = (1, 10, 100, 500)
GOAL = 8.0
"""Times less CPU, in batches."""


@dataclass(frozen=True, slots=True)
class Measured:
    """One process. `cpu`, `wall`: seconds for all messages; `equal`: stored with exactly the values that were sent."""

    way: str
    batch: int
    messages: int
    cpu: float
    wall: float
    equal: int
    altered: int
    requests: int

    @property
    def exact(self) -> bool:
        """Whether each message, those before the measured ones included, is stored once and unaltered."""
        return (self.equal, self.altered) == (self.messages + WARM_UP, 0)

    @property
    def cpu_ms(self) -> float:
        """Milliseconds of CPU per 1,000 messages."""
        return self.cpu * 1_000_000 / self.messages


def measure(way: str, batch: int, messages: int) -> Measured:
    """Take messages through one chain. Raises: RuntimeError with the error output."""
    with served(0) as endpoint:
        done = subprocess.run(
            [sys.executable, "-m", "benchmarks.chain_worker", way, str(batch), str(messages)],
            cwd=ROOT,
            env=function_environment(endpoint),
            capture_output=True,
            text=True,
            check=False,
        )
        if done.returncode:
            raise RuntimeError(f"{way}, batches of {batch}: {done.stderr[-2000:]}")
        found = json.loads(done.stdout)
        stored = ask(endpoint, "telemetry")
        requests = sum(ask(endpoint, "counts").values())
    return Measured(way, batch, messages, found["cpu"], found["wall"], stored["equal"], stored["altered"], requests)


def table(found: Sequence[Measured]) -> str:
    """Format the run with the least CPU of each way and batch, and the ratios, with the goal for batches."""
    best = {(m.batch, m.way): m for m in sorted(found, key=lambda m: m.cpu, reverse=True)}
    lines = ["batch  way    CPU ms per 1,000  messages per s  items equal  requests"]
    for batch, way in sorted(best, key=lambda key: (key[0], WAYS.index(key[1]))):
        m = best[batch, way]
        equal = f"{m.equal:,}/{m.messages + WARM_UP:,}"
        lines.append(f"{batch:5}  {way:5}  {m.cpu_ms:16.0f}  {m.messages / m.wall:14,.0f}  {equal}  {m.requests:8,}")
    lines.append("")
    for batch in sorted({m.batch for m in found}):
        if (batch, "naive") in best and (batch, "l3kit") in best:
            ratio = best[batch, "naive"].cpu_ms / best[batch, "l3kit"].cpu_ms
            goal = f"  goal at least {GOAL:g}: {'met' if ratio >= GOAL else 'MISSED'}" if batch > 1 else ""
            lines.append(f"batches of {batch}: naive CPU / l3kit CPU {ratio:.1f}{goal}")
    return "\n".join(lines)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the benchmark. Exit code 1 if l3kit lost or altered a message, whatever its speed."""
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.chain", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--messages", type=int, default=2000, help="messages of each measurement (default: 2000)")
    parser.add_argument("--batches", type=int, nargs="+", default=BATCHES, help="messages of one delivery")
    parser.add_argument("--ways", nargs="+", choices=WAYS, default=WAYS)
    parser.add_argument("--runs", type=int, default=2, help="runs of each, of which the quickest counts (default: 2)")
    options = parser.parse_args(arguments)
    found = []
    for batch in options.batches:
        for _ in range(options.runs):
            found += [measure(way, batch, options.messages) for way in options.ways]
        print(f"batches of {batch} measured", file=sys.stderr, flush=True)
    print(table(found))
    return 0 if all(m.exact for m in found if m.way == "l3kit") else 1


if __name__ == "__main__":
    sys.exit(main())
