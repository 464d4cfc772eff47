"""Billing of functions: requests, memory times seconds, logs; and the estimated run times of movers and writers."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

from l3kit.cost.model.arithmetic import Number
from l3kit.cost.model.uses import Kind, Tally
from l3kit.prices.price_book import Site
from l3kit.providers import billing_of

LOG_BYTES = 1_500
"""Log bytes of one invocation: the platform's lines and the report's sentence."""


@dataclass(frozen=True, slots=True)
class Pace:
    """Seconds a mover takes, from docs/explanation/benchmarks.md (100 MB and 10 MB with latency: 5.3 and 0.74 s)."""

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
        seconds: duration of all invocations together.
        needed_mb: memory that the work needs, if that may exceed the deployed memory.
    """
    billing = billing_of(site.provider)
    where = billing.functions
    deployed = tally.ops.number(billing.memory_mb[name])
    gigabytes = tally.ops.maximum(deployed, needed_mb) / 1024
    tally.add(site, where, "requests", invocations, f"invocations of {name}", kind)
    if billing.cpu_apart:
        tally.add(site, where, "vcpu", seconds, f"CPU time of {name}", kind)
        tally.add(site, where, "memory", seconds * gigabytes, f"memory of {name}", kind)
    else:
        tally.add(site, where, "compute", seconds * gigabytes, f"run time of {name}", kind)
    tally.add(site, billing.logs, "ingest", invocations * LOG_BYTES, f"logs of {name}", "estimated")


def schedule(tally: Tally, site: Site, invocations: Number, what: str) -> None:
    """Scheduler invocations of a mover per month; Cloud Scheduler bills the job instead."""
    billing = billing_of(site.provider)
    if billing.bills_jobs:
        tally.add(site, billing.scheduler, "jobs", tally.ops.number(1), what)
    else:
        tally.add(site, billing.scheduler, "invocations", invocations, what)
