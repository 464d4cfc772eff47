"""What functions bill: requests, memory times seconds, logs; and how long the movers and writers run (estimates)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal

from l3kit.cost.model.arithmetic import Number
from l3kit.cost.model.uses import Kind, Tally
from l3kit.prices.price_book import Site
from l3kit.prices.price_file import Provider

MEMORY_MB: Mapping[Provider, Mapping[str, int]] = {
    "aws": {"hot-to-cold-mover": 1769, "cold-to-archive-mover": 1024, "cold-writer": 512, "archive-writer": 512},
    "azure": {"hot-to-cold-mover": 2048, "cold-to-archive-mover": 2048, "cold-writer": 2048, "archive-writer": 2048},
    "gcp": {"hot-to-cold-mover": 2048, "cold-to-archive-mover": 1024, "cold-writer": 512, "archive-writer": 512},
}
"""As deployed on AWS; on the others the next size there is. One vCPU on Cloud Run."""
SERVICES: Mapping[Provider, tuple[str, str]] = {
    "aws": ("lambda", "x86"),
    "azure": ("functions", "flex"),
    "gcp": ("cloud_run", "request_based"),
}
LOGS: Mapping[Provider, tuple[str, str]] = {
    "aws": ("logs", "standard"),
    "azure": ("logs", "analytics"),
    "gcp": ("logs", "ingest"),
}
LOG_BYTES = 1_500
"""Of one invocation: the platform's lines and the report's sentence."""


@dataclass(frozen=True, slots=True)
class Pace:
    """Seconds a mover takes, from docs/benchmarks.md (100 MB and 10 MB with latency: 5.3 and 0.74 s)."""

    invocation: Decimal = Decimal("0.20")
    device: Decimal = Decimal("0.003")
    item: Decimal = Decimal("0.000017")
    archived_object: Decimal = Decimal("0.02")
    sent_object: Decimal = Decimal("0.35")
    writer: Decimal = Decimal("0.30")
    most: Decimal = Decimal(890)


PACE = Pace()


def run_function(
    tally: Tally,
    site: Site,
    name: str,
    invocations: Number,
    seconds: Number,
    kind: Kind = "estimated",
    needed_mb: Number = 0,
) -> None:
    """Note invocations and their time.

    GB-seconds = seconds * memory_mb / 1024; on Cloud Run vCPU-seconds = seconds, GiB-seconds = seconds * memory.

    Args:
        seconds: of all invocations together.
        needed_mb: memory that the work needs, where that may be more than what is deployed.
    """
    where = SERVICES[site.provider]
    deployed = tally.ops.number(MEMORY_MB[site.provider][name])
    gigabytes = tally.ops.maximum(deployed, needed_mb) / 1024
    tally.add(site, where, "requests", invocations, f"invocations of {name}", kind)
    if site.provider == "gcp":
        tally.add(site, where, "vcpu", seconds, f"CPU time of {name}", kind)
        tally.add(site, where, "memory", seconds * gigabytes, f"memory of {name}", kind)
    else:
        tally.add(site, where, "compute", seconds * gigabytes, f"run time of {name}", kind)
    tally.add(site, LOGS[site.provider], "ingest", invocations * LOG_BYTES, f"logs of {name}", "estimated")


def schedule(tally: Tally, site: Site, invocations: Number, what: str) -> None:
    """Scheduler invocations of a mover per month; Cloud Scheduler bills the job instead."""
    if site.provider == "gcp":
        tally.add(site, ("scheduler", "jobs"), "jobs", tally.ops.number(1), what)
    else:
        tier = "standard" if site.provider == "aws" else "timer"
        tally.add(site, ("scheduler", tier), "invocations", invocations, what)
