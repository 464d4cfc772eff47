"""The effects of a control plane that serves nobody: everything is kept in memory, and nothing runs."""

from __future__ import annotations

import random
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from l3kit.sandbox.gcp.control.effects import DeployError, FunctionSpec, JobSpec, LogText, PushSpec
from l3kit.sandbox.gcp.control.plane import ControlPlane
from l3kit.sandbox.gcp.control.rules import Rules
from l3kit.sandbox.gcp.control.settings import PlaneSettings
from l3kit.sandbox.gcp.storage.buckets import Bucket
from l3kit.sandbox.gcp.storage.objects import StoredObject


@dataclass(slots=True)
class MemoryStore:
    """Buckets without a server."""

    buckets: dict[str, Bucket] = field(default_factory=dict)
    generation: int = 1_700_000_000_000_000

    def next_generation(self) -> int:
        self.generation += 1
        return self.generation

    def remove(self, stored: StoredObject) -> None:
        self.buckets[stored.bucket].take(stored.name)


@dataclass(slots=True)
class MemoryEffects:
    """Remembers what it was told.

    Attributes:
        broken: why no function can be deployed; empty if one can.
        documents: in JSON's form, by full name.
        deployed: specification and code of each function.
    """

    store: MemoryStore = field(default_factory=MemoryStore)
    databases: set[str] = field(default_factory=set)
    documents: dict[str, Mapping[str, Any]] = field(default_factory=dict)
    deployed: dict[str, tuple[FunctionSpec, bytes]] = field(default_factory=dict)
    jobs: dict[str, JobSpec] = field(default_factory=dict)
    pushes: dict[str, PushSpec] = field(default_factory=dict)
    messages: list[tuple[str, bytes, Mapping[str, str]]] = field(default_factory=list)
    lines: dict[str, list[LogText]] = field(default_factory=dict)
    runs: list[str] = field(default_factory=list)
    broken: str = ""

    def bucket_made(self, bucket: Bucket) -> None:
        self.store.buckets[bucket.name] = bucket

    def bucket_gone(self, name: str) -> None:
        del self.store.buckets[name]

    def database_made(self, database: str) -> None:
        self.databases.add(database)

    def database_gone(self, database: str) -> None:
        self.databases.discard(database)
        for name in [name for name in self.documents if name.split("/")[3] == database]:
            del self.documents[name]

    def document(self, name: str) -> Mapping[str, Any] | None:
        return self.documents.get(name)

    def document_set(self, name: str, fields: Mapping[str, Any]) -> None:
        self.documents[name] = {"name": name, "fields": fields}

    def collections(self, database: str) -> Sequence[str]:
        return sorted({name.split("/")[5] for name in self.documents if name.startswith(f"{database}/")})

    async def deploy(self, spec: FunctionSpec, code: bytes) -> str:
        if self.broken:
            raise DeployError(self.broken)
        self.deployed[spec.name] = (spec, code)
        return f"https://{spec.name}-memory-uc.a.run.app"

    async def function_gone(self, name: str) -> None:
        self.deployed.pop(name, None)

    def job_set(self, job: JobSpec) -> None:
        self.jobs[job.name] = job

    def job_gone(self, name: str) -> None:
        self.jobs.pop(name, None)

    def run_job(self, name: str) -> None:
        self.runs.append(name)

    def push_set(self, push: PushSpec) -> None:
        self.pushes[push.name] = push

    def push_gone(self, name: str) -> None:
        self.pushes.pop(name, None)

    def published(self, topic: str, messages: Sequence[tuple[bytes, Mapping[str, str]]]) -> None:
        self.messages += [(topic, data, attributes) for data, attributes in messages]

    async def log_of(self, service: str, since: str) -> Sequence[LogText]:
        return [line for line in self.lines.get(service, ()) if line.moment >= since]


@dataclass(frozen=True, slots=True)
class PlainTokens:
    """Tokens that say whose they are, for tests: whoever knows an email has its token."""

    def email_of(self, access_token: str) -> str | None:
        email = access_token.removeprefix("token-of:")
        return email if email != access_token else None

    def access_token(self, email: str) -> str:
        return f"token-of:{email}"

    def identity_token(self, email: str, audience: str) -> str:
        return f"identity-of:{email}:{audience}"


OWNER = "owner@l3kit.example"
"""The owner of the project of `memory_plane`; his token is `token-of:` and this."""


def memory_plane(
    clock: Callable[[], float],
    effects: MemoryEffects,
    settings: PlaneSettings,
    *,
    project: str = "memory-project",
    region: str = "us-central1",
) -> ControlPlane:
    """Return a control plane in memory, whose ids are the same each time."""
    ids = random.Random(project)
    return ControlPlane(
        project, region, Rules.load(), effects, clock, ids, settings, tokens=PlainTokens(), owners=[OWNER]
    )
