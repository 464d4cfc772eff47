"""The cost of deleting what has expired from the archive: requests, records, and the rest of a minimum storage time."""

from __future__ import annotations

from l3kit.cost.model.arithmetic import Number
from l3kit.cost.model.function_time import PACE, run_function, schedule
from l3kit.cost.model.moves import LIST_PAGE, Inputs
from l3kit.cost.model.object_tier import early_deletion, request
from l3kit.cost.model.uses import Sites, Tally
from l3kit.tiering.settings.function_table import EXPIRER

RECORDS = 2
"""Records per batch; each device has one batch per run."""
HOLD_LISTS = 1
"""Listings of holds per run."""


def expire(w: Inputs, sites: Sites, tally: Tally, listed: Number) -> None:
    """One run of the archive expirer over the chunks of one run of a mover.

    Args:
        listed: number of objects in the archive that the run lists.
    """
    ops, site, chunks = w.ops, sites.archive, w.stored_chunks_of_run
    pages = ops.maximum(ops.ceil(listed / LIST_PAGE), 1) + HOLD_LISTS
    batches = w.devices * ops.minimum(w.items_per_run, 1)
    request(tally, site, "archive", "list", pages, "list archived objects")
    request(tally, site, "archive", "head", chunks.count, "look at archived objects")
    request(tally, site, "staging", "put", batches * RECORDS, "record what expires")
    request(tally, site, "archive", "delete", chunks.count, "delete archived objects")
    request(tally, site, "staging", "put", ops.number(1), "store the run's report")
    seconds = ops.number(PACE.invocation) + chunks.count * ops.number(PACE.archived_object)
    run_function(tally, site, EXPIRER, ops.maximum(ops.ceil(seconds / ops.number(PACE.most)), 1), seconds)


def expire_early(w: Inputs, sites: Sites, tally: Tally) -> None:
    """Note the rest of the minimum storage time of the chunks of one run, which are deleted after `archive_days`."""
    early_deletion(tally, sites.archive, "archive", w.stored_chunks_of_run, w.archive_days)


def expiry_schedule(sites: Sites, tally: Tally, runs: Number) -> None:
    """Note the schedule of the expirer."""
    schedule(tally, sites.archive, runs, "schedule of the archive expirer")
