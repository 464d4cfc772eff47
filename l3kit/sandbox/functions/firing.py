"""Firing a schedule by hand: runs an Azure timer, sends the request of a Cloud Scheduler job."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any
from urllib.parse import quote

from l3kit.sandbox.functions.deployment import Deployment
from l3kit.sandbox.functions.instance import HttpAnswer, Instance
from l3kit.sandbox.functions.log_file import last_texts
from l3kit.sandbox.functions.runs import run
from l3kit.sandbox.scheduled_time import scheduled_time

LOG_TAIL_BYTES = 4096


async def fire(deployment: Deployment, schedule: str, time: str | None, log_file: Path) -> dict[str, Any]:
    """Run the target of this schedule and wait for its end.

    Args:
        time: when the job was due, ISO 8601; None for now. Azure's timers do not receive it.
    Returns: `status`, `body` and `log_tail`, the end of the process's output during the run.
    Raises: KeyError if there is no such schedule; ValueError for a malformed time; StartError; EndedError;
        TimedOutError; TooLargeError.
    """
    due = scheduled_time(time)
    instance = await deployment.instance()
    instance.output.drain()
    before = log_file.stat().st_size if log_file.exists() else 0
    if deployment.record.cloud == "azure":
        answer = await _run_timer(instance, schedule)
    else:
        answer = await _send_job(instance, schedule, due)
    instance.output.drain()
    texts = last_texts(log_file, LOG_TAIL_BYTES, before) if log_file.exists() else []
    return {
        "status": answer.status,
        "body": answer.body.decode("utf-8", "replace"),
        "log_tail": "".join(f"{text}\n" for text in texts),
    }


async def _run_timer(instance: Instance, name: str) -> HttpAnswer:
    if name not in instance.timers:
        raise KeyError(name)
    headers = {"x-functions-key": instance.record.keys.master, "Content-Type": "application/json"}
    return await run(instance, "POST", f"/admin/functions/{quote(name, safe='')}", headers, b'{"input": ""}')


async def _send_job(instance: Instance, name: str, due: str) -> HttpAnswer:
    job = {job.name: job for job in instance.record.definition.jobs}[name]
    headers: Mapping[str, str] = {
        "Content-Type": "application/json",
        "User-Agent": "Google-Cloud-Scheduler",
        "X-CloudScheduler": "true",
        "X-CloudScheduler-JobName": job.name,
        "X-CloudScheduler-ScheduleTime": due,
    }
    return await run(instance, "POST", "/", headers, job.body.encode())
