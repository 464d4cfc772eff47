"""Firing a schedule by hand: sends the request by which its platform starts the function."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from l3kit.sandbox.functions.deployment import Deployment
from l3kit.sandbox.functions.log_file import last_texts
from l3kit.sandbox.functions.runs import run
from l3kit.sandbox.scheduled_time import scheduled_time

LOG_TAIL_BYTES = 4096


async def fire(deployment: Deployment, schedule: str, time: str | None, log_file: Path) -> dict[str, Any]:
    """Run the target of this schedule and wait for its end.

    Args:
        time: when the job was due, ISO 8601; None for now.
    Returns: `status`, `body` and `log_tail`, the end of the process's output during the run.
    Raises: KeyError if there is no such schedule; ValueError for a malformed time; StartError; EndedError;
        TimedOutError; TooLargeError.
    """
    due = scheduled_time(time)
    instance = await deployment.instance()
    instance.output.drain()
    before = log_file.stat().st_size if log_file.exists() else 0
    if schedule not in {*instance.timers, *(job.name for job in deployment.record.definition.jobs)}:
        raise KeyError(schedule)
    if reason := instance.platform.job_refusal(deployment.record, schedule):
        return {"status": 403, "body": reason, "log_tail": ""}
    call = instance.platform.fire(deployment.record, schedule, due)
    answer = await run(instance, call.method, call.target, call.headers, call.body)
    instance.output.drain()
    texts = last_texts(log_file, LOG_TAIL_BYTES, before) if log_file.exists() else []
    return {
        "status": answer.status,
        "body": answer.body.decode("utf-8", "replace"),
        "log_tail": "".join(f"{text}\n" for text in texts),
    }
