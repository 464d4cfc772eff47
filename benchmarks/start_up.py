"""Measures a sandbox's warm start-up time and idle memory: `python -m benchmarks.start_up`."""

from __future__ import annotations

import argparse
import contextlib
import os
import re
import sys
import tempfile
import time
from collections.abc import Collection, Sequence
from pathlib import Path

import boto3

from l3kit import sandbox
from l3kit.sandbox.aws.account import REGION
from l3kit.sandbox.aws.part import environment

STARTS: tuple[tuple[tuple[str, ...], bool], ...] = (
    ((), False),
    (("aws",), False),
    (("aws",), True),
    (("gcp",), False),
    (("azure",), False),
    (("aws", "azure", "gcp"), True),
)
"""The clouds to start, and whether DynamoDB is called afterwards."""


def pss_mb(pid: int) -> float:
    """Proportional set size in MB, which counts memory shared by several processes once in their sum."""
    text = Path(f"/proc/{pid}/smaps_rollup").read_text()
    found = re.search(r"^Pss:\s+(\d+) kB", text, re.MULTILINE)
    return int(found[1]) / 1024 if found else 0.0


def ask_dynamodb(state: sandbox.SandboxState) -> None:
    """Make a first call to DynamoDB, for an item of a missing table."""
    keys = environment(state)
    client = boto3.client(
        "dynamodb",
        endpoint_url=state.gateway,
        region_name=REGION,
        aws_access_key_id=keys["AWS_ACCESS_KEY_ID"],
        aws_secret_access_key=keys["AWS_SECRET_ACCESS_KEY"],
    )
    with contextlib.suppress(client.exceptions.ResourceNotFoundException):
        client.get_item(TableName="nowhere", Key={"id": {"S": "x"}})


def measure(clouds: Collection[str], dynamodb: bool, runs: int) -> tuple[float, dict[str, float]]:
    """The quickest start in seconds, and the memory of each process in MB some seconds later."""
    quickest, memory = float("inf"), dict[str, float]()
    for _ in range(runs):
        with tempfile.TemporaryDirectory() as home:
            started = time.monotonic()
            state = sandbox.ensure_up(Path(home), clouds=clouds, owner=os.getpid())
            if dynamodb:
                ask_dynamodb(state)
            quickest = min(quickest, time.monotonic() - started)
            try:
                time.sleep(3)
                state = sandbox.status(Path(home)) or state
                memory = {process.name: pss_mb(process.pid) for process in state.processes}
            finally:
                sandbox.down(Path(home))
    return quickest, memory


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure and print."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.start_up", description=__doc__)
    parser.add_argument("--runs", type=int, default=3, help="starts of each, of which the quickest counts (default: 3)")
    options = parser.parse_args(arguments)
    if sys.platform != "linux":
        print("needs /proc to read the memory of processes, which this system does not have", file=sys.stderr)
        return 1
    print("| clouds | start, warm | idle memory (PSS) | of which |\n|---|---|---|---|")
    for clouds, dynamodb in STARTS:
        seconds, memory = measure(clouds, dynamodb, options.runs)
        parts = ", ".join(f"{name} {mb:.0f}" for name, mb in memory.items())
        what = ", ".join(clouds) or "none"
        what += ", DynamoDB asked" if dynamodb else ""
        print(f"| {what} | {seconds:.1f} s | {sum(memory.values()):.0f} MB | {parts} |")
    return 0


if __name__ == "__main__":
    sys.exit(main())
