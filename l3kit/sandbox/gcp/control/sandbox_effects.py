"""The services that the control plane drives in a sandbox: its stores, its functions and their messages."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from urllib.parse import unquote

from l3kit.sandbox.functions.log_file import read_lines
from l3kit.sandbox.functions.record import PYTHON, Job, RefusedError
from l3kit.sandbox.functions.service import CloudFunctions
from l3kit.sandbox.gcp.account import NAME, PROJECT
from l3kit.sandbox.gcp.control.answers import invalid
from l3kit.sandbox.gcp.control.effects import BucketStore, DeployError, FunctionSpec, JobSpec, LogText, PushSpec
from l3kit.sandbox.gcp.firestore import CallRefusedError, FirestoreServer
from l3kit.sandbox.gcp.push import PushSubscriptions
from l3kit.sandbox.gcp.storage.buckets import Bucket
from l3kit.sandbox.messages.message import Message
from l3kit.sandbox.messages.routes import Route, Routes
from l3kit.twin.naming import LABEL_TWIN
from l3kit.twin.topics import telemetry_filter

ENTRY = "main"
"""The only entry point that the sandbox's functions have."""
_EPOCH = datetime.fromtimestamp(0, UTC)


@dataclass(slots=True)
class SandboxEffects:
    """The services of one gateway.

    Attributes:
        pushes: subscriptions that push messages, by name.
    """

    store: BucketStore
    firestore: FirestoreServer
    functions: CloudFunctions
    routes: Routes
    subscriptions: PushSubscriptions
    pushes: dict[str, PushSpec]
    _jobs: dict[str, JobSpec] = field(default_factory=dict)
    _runs: set[asyncio.Task[object]] = field(default_factory=set)

    def bucket_made(self, bucket: Bucket) -> None:
        self.store.buckets[bucket.name] = bucket

    def bucket_gone(self, name: str) -> None:
        del self.store.buckets[name]

    def database_made(self, database: str) -> None:
        self.firestore.database_made(f"projects/{PROJECT}/databases/{database}")

    def database_gone(self, database: str) -> None:
        self.firestore.database_gone(f"projects/{PROJECT}/databases/{database}")

    def document(self, name: str) -> Mapping[str, Any] | None:
        return self.firestore.document(name)

    def document_set(self, name: str, fields: Mapping[str, Any]) -> None:
        try:
            self.firestore.document_set(name, fields)
        except CallRefusedError as error:
            raise invalid(error.message) from None

    def collections(self, database: str) -> Sequence[str]:
        return self.firestore.collections(database)

    async def deploy(self, spec: FunctionSpec, code: bytes) -> str:
        if spec.entry != ENTRY:
            raise DeployError(f"Build failed: the l3kit sandbox runs the entry point {ENTRY}, not {spec.entry}")
        url = f"{self.functions.endpoint}/_{NAME}/{spec.name}"
        given = {
            "python": PYTHON,
            "settings": dict(spec.settings),
            "labels": dict(spec.labels),
            "timeout": spec.timeout,
            "public": False,
            "schedules": [_schedule(job) for job in self._jobs_of(spec.name)],
        }
        try:
            deployment = await self.functions.deploy(NAME, spec.name, given, code)
        except RefusedError as error:
            raise DeployError(f"Build failed with status: FAILURE and message: {error}") from None
        except OSError as error:
            raise DeployError(f"The l3kit sandbox cannot write ({type(error).__name__})") from None
        if deployment.problem:
            raise DeployError(
                "Could not create or update Cloud Run service. Container Healthcheck failed. The user-provided "
                f"container failed to start and listen on the port. {deployment.problem}"
            )
        return url

    async def function_gone(self, name: str) -> None:
        await self.functions.delete(NAME, name)

    def job_set(self, job: JobSpec) -> None:
        former = self._jobs.get(job.name)
        self._jobs[job.name] = job
        for function in {self._function_at(one.url) for one in (former, job) if one is not None}:
            self._schedule(function)

    def job_gone(self, name: str) -> None:
        job = self._jobs.pop(name, None)
        if job is not None:
            self._schedule(self._function_at(job.url))

    def run_job(self, name: str) -> None:
        job = self._jobs[name]
        run = asyncio.ensure_future(self.functions.run_schedule(NAME, self._function_at(job.url), name))
        self._runs.add(run)
        run.add_done_callback(self._ended)

    def job_account(self, function: str, name: str) -> str:
        """Return the account as which a job calls a function; empty if it names none, or is no job of it."""
        job = self._jobs.get(name)
        return job.account if job is not None and self._function_at(job.url) == function else ""

    def push_set(self, push: PushSpec) -> None:
        self.pushes[push.name] = push
        owner = push.labels.get(LABEL_TWIN, "")
        topics = telemetry_filter(owner) if owner else f"{push.topic}/#"
        self.routes.put(Route(push.name, owner, topics, self._function_at(push.url), push.letters))

    def push_gone(self, name: str) -> None:
        if self.pushes.pop(name, None) is not None:
            self.routes.delete(name)

    def published(self, topic: str, messages: Sequence[tuple[bytes, Mapping[str, str]]]) -> None:
        """Deliver messages by the MQTT topic that their attribute `topic` names."""
        now = datetime.now(UTC)
        for data, attributes in messages:
            self.subscriptions.accept(Message(attributes.get("topic") or f"{topic}/-", data, "", now))

    async def log_of(self, service: str, since: str) -> Sequence[LogText]:
        return await asyncio.to_thread(_lines, self.functions.log_file(NAME, service), _moment(since))

    def _ended(self, run: asyncio.Task[object]) -> None:
        self._runs.discard(run)
        if not run.cancelled():
            run.exception()  # it is in the function's log

    def _function_at(self, url: str) -> str:
        """Return the function whose address this is; empty if it is none's."""
        found = re.fullmatch(rf"{re.escape(self.functions.endpoint)}/_{NAME}/([^/?#]+)(?:[/?#].*)?", url)
        return unquote(found[1]) if found else ""

    def _jobs_of(self, function: str) -> list[Job]:
        jobs = [job for _, job in sorted(self._jobs.items()) if self._function_at(job.url) == function]
        return [Job(job.name, job.schedule, job.body.decode("utf-8", "replace")) for job in jobs if not job.paused]

    def _schedule(self, function: str) -> None:
        self.functions.schedule(NAME, function, self._jobs_of(function))


def _schedule(job: Job) -> Mapping[str, str]:
    return {"name": job.name, "schedule": job.schedule, "body": job.body}


def _moment(text: str) -> datetime:
    """Return a time of a filter; the earliest one for a text that is none."""
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        return _EPOCH
    return found if found.tzinfo is not None else found.replace(tzinfo=UTC)


def _lines(file: Path, since: datetime) -> list[LogText]:
    try:
        return [LogText(line.moment.isoformat(), line.text, str(line.at)) for line in read_lines(file, 0, since)]
    except FileNotFoundError:
        return []
