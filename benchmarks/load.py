"""Compares `l3kit load` with pandas and boto3's batch_writer, in the same run: `python -m benchmarks.load`.

Both read the same CSV file into the stub's DynamoDB, each in a process of its own with an empty table; start-up is not
counted. Afterwards every item of the table is compared with its row, to the last digit. Both run in turn, and the run
with the least CPU counts.
"""

from __future__ import annotations

import argparse
import csv
import json
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal
from pathlib import Path
from random import Random

from benchmarks.cells import ROOT, ask, function_environment, served
from benchmarks.dataset import DEVICES, FIRST
from l3kit.clouds.aws.data.credentials import Credentials
from l3kit.clouds.aws.data.stores import Place, open_hot
from l3kit.operate.coroutines import run
from l3kit.tiering.format.exact_numbers import exact_loads

WAYS = ("pandas", "l3kit")
HEADER = ("device", "time", "temperature", "energyTotal", "humidity", "voltage", "status")
GIGABYTE_ROWS = 10_500_000
STATUS = ("ok", "calibrated, next visit in spring", 'operator wrote "offset 0.2"', "Zürich, Gebäude 7")


@dataclass(frozen=True, slots=True)
class Measured:
    """One process. `cpu`, `wall`: seconds for all rows; `equal`: items with exactly the values of their row,
    or, not `compared`, rows that the way says it has loaded.
    """

    way: str
    rows: int
    cpu: float
    wall: float
    peak_mb: float
    equal: int
    requests: int
    compared: bool = True

    @property
    def exact(self) -> bool:
        """Whether each row is stored once and unaltered."""
        return self.equal == self.rows


def rows(count: int) -> Iterator[tuple[str, ...]]:
    """Make rows in the order of time, device by device; deterministic."""
    random = Random(0)
    for index in range(count):
        moment = FIRST + timedelta(seconds=index // len(DEVICES))
        yield (
            DEVICES[index % len(DEVICES)],
            f"{moment:%Y-%m-%dT%H:%M:%S}.000Z",
            f"{random.randrange(-3000, 4500) / 100:.2f}",
            f"{10_000 + index}.{random.randrange(10**18, 10**19)}",
            f"{random.randrange(100, 1000) / 10}",
            f"{random.randrange(3000, 4200) / 1000}",
            STATUS[index % len(STATUS)],
        )


def write_csv(path: Path, count: int) -> int:
    """Write the file. Returns: its bytes."""
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(HEADER)
        writer.writerows(rows(count))
    return path.stat().st_size


def measure(way: str, path: Path, count: int, *, compare: bool = True, most: int | None = None) -> Measured:
    """Load the file in a process of its own. Raises: RuntimeError with the error output.

    Args:
        compare: read all items back; otherwise the way's own count is taken.
        most: rows that pandas writes after it has read all; the time of writing counts for all of them.
    """
    with served(0) as endpoint:
        done = subprocess.run(
            [sys.executable, "-m", "benchmarks.load_worker", way, str(path), *([] if most is None else [str(most)])],
            cwd=ROOT,
            env=function_environment(endpoint),
            capture_output=True,
            text=True,
            check=False,
        )
        if done.returncode:
            raise RuntimeError(f"{way}: {done.stderr[-2000:]}")
        found = json.loads(done.stdout.splitlines()[-1])
        requests = sum(ask(endpoint, "counts").values())
        equal = run(_equal(endpoint, count)) if compare else found["rows"]
    return Measured(way, count, found["cpu"], found["wall"], found["peak_kb"] / 1024, equal, requests, compare)


async def _equal(endpoint: str, count: int) -> int:
    """Count the rows whose item has exactly their values."""
    place = Place("eu-central-1", lambda: Credentials("benchmark", "benchmark"), endpoint)
    hot, stored = open_hot("benchmark-hot-iot-data", place), {}
    for device in DEVICES:
        after: str | None = None
        while True:
            page = await hot.read_page(device, before="9", after=after)
            stored.update({(device, key): item for key, item in zip(page.sort_keys, page.items, strict=True)})
            after = page.next_after
            if after is None:
                break
    await hot.close()
    return sum(_same(stored.get((row[0], row[1]), b"{}"), row) for row in rows(count))


def _same(item: bytes, row: Sequence[str]) -> bool:
    values = exact_loads(item)
    numbers = {name: values.get(name) for name in HEADER[2:6]}
    exact = all(type(value) is not str and value is not None for value in numbers.values())
    return (
        exact
        and all(Decimal(numbers[name]) == Decimal(text) for name, text in zip(HEADER[2:6], row[2:6], strict=True))
        and values["status"] == row[6]
    )


def table(found: Sequence[Measured], size: int) -> str:
    """Format the run with the least CPU of each way, and the ratios."""
    best = {m.way: m for m in sorted(found, key=lambda m: m.cpu, reverse=True)}
    lines = [f"{size / 1e6:,.1f} MB of CSV", "way       rows per s  CPU us per row  peak MB  items equal  requests"]
    for m in (best[way] for way in WAYS if way in best):
        rate, cpu = m.rows / m.wall, m.cpu * 1e6 / m.rows
        equal = f"{m.equal:,}/{m.rows:,}" if m.compared else "not compared"
        lines.append(f"{m.way:8} {rate:11,.0f} {cpu:15.0f} {m.peak_mb:8.0f}  {equal}  {m.requests:8,}")
    if set(best) == set(WAYS):
        pandas, l3kit = best["pandas"], best["l3kit"]
        lines.append(f"pandas CPU / l3kit CPU {pandas.cpu / l3kit.cpu:.1f}, peak {pandas.peak_mb / l3kit.peak_mb:.1f}")
    return "\n".join(lines)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the benchmark. Exit code 1 if l3kit lost or altered a row, whatever its speed."""
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.load", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--rows", type=int, default=20_000, help="rows of the file (default: 20,000, about 2 MB)")
    parser.add_argument("--gigabyte", action="store_true", help="1 GB, one run of each, items counted but not compared")
    parser.add_argument("--ways", nargs="+", choices=WAYS, default=WAYS)
    parser.add_argument(
        "--pandas-rows",
        type=int,
        metavar="ROWS",
        help="pandas reads the file whole and writes only so many rows, whose rate counts for all; items not compared",
    )
    parser.add_argument("--runs", type=int, default=2, help="runs of each, of which the quickest counts (default: 2)")
    options = parser.parse_args(arguments)
    count, runs = (GIGABYTE_ROWS, 1) if options.gigabyte else (options.rows, options.runs)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "readings.csv"
        size = write_csv(path, count)
        found = []
        for way in [way for _ in range(runs) for way in options.ways]:
            most = options.pandas_rows if way == "pandas" else None
            compare = most is None and not options.gigabyte
            found.append(measure(way, path, count, compare=compare, most=most))
            print(f"{way} measured", file=sys.stderr, flush=True)
    print(table(found, size))
    return 0 if all(m.exact for m in found if m.way == "l3kit") else 1


if __name__ == "__main__":
    sys.exit(main())
