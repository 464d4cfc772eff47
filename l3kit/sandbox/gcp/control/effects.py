"""The services that the control plane drives: stores, functions and messages of the project's data."""

from __future__ import annotations

from collections.abc import Awaitable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

from l3kit.sandbox.gcp.storage.buckets import Bucket
from l3kit.sandbox.gcp.storage.objects import StoredObject


class DeployError(Exception):
    """A function was not deployed; the message says why, as a build's or a container's end."""


@dataclass(frozen=True, slots=True)
class FunctionSpec:
    """A function as it should run.

    Attributes:
        entry: name of the function in its code.
        timeout: seconds of one request.
        account: email of the service account as which it runs.
        labels: those that its operator set.
    """

    name: str
    runtime: str
    entry: str
    settings: Mapping[str, str] = field(repr=False)
    labels: Mapping[str, str]
    timeout: int
    account: str


@dataclass(frozen=True, slots=True)
class JobSpec:
    """A Cloud Scheduler job.

    Attributes:
        url: that it posts to.
        account: email of the service account whose identity token it sends; empty without one.
        paused: whether it waits for no time.
    """

    name: str
    url: str
    schedule: str
    body: bytes = field(repr=False)
    account: str
    paused: bool = False


@dataclass(frozen=True, slots=True)
class PushSpec:
    """A subscription that posts messages to an address.

    Attributes:
        topic: id of the topic.
        filter: which of the topic's messages it takes; empty for all.
        account: email of the service account whose identity token it sends; empty without one.
        letters: bucket in which a subscription of its dead-letter topic stores what was not taken; empty if none does.
        attempts: after which a message goes there.
    """

    name: str
    topic: str
    filter: str
    url: str
    account: str
    letters: str
    attempts: int
    labels: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class LogText:
    """One line that a function wrote; `moment` in RFC 3339."""

    moment: str
    text: str
    insert_id: str


class BucketStore(Protocol):
    """The buckets of the world, by name, shared with the server of their objects."""

    @property
    def buckets(self) -> dict[str, Bucket]: ...

    def next_generation(self) -> int:
        """Return a number that is higher than all before."""

    def remove(self, stored: StoredObject) -> None:
        """Delete a live object."""


class Effects(Protocol):
    """The services that hold data and run code."""

    @property
    def store(self) -> BucketStore:
        """Return what holds the buckets."""

    def bucket_made(self, bucket: Bucket) -> None:
        """Serve a new bucket."""

    def bucket_gone(self, name: str) -> None:
        """Serve an empty bucket no longer."""

    def database_made(self, database: str) -> None:
        """Serve a new, empty database of this id."""

    def database_gone(self, database: str) -> None:
        """Serve it no longer, and drop its documents."""

    def document(self, name: str) -> Mapping[str, Any] | None:
        """Return a document, by its full name, in JSON's form; None if it is missing."""

    def document_set(self, name: str, fields: Mapping[str, Any]) -> None:
        """Store a document. Raises: RefusedError for fields that Firestore does not take."""

    def collections(self, database: str) -> Sequence[str]:
        """Return the ids of the collections in the root of a database, given by its full name."""

    def deploy(self, spec: FunctionSpec, code: bytes) -> Awaitable[str]:
        """Build and start a function, in place of its former code. Returns: its url. Raises: DeployError."""

    def function_gone(self, name: str) -> Awaitable[None]:
        """End a function."""

    def job_set(self, job: JobSpec) -> None:
        """Know a job, in place of the one of its name."""

    def job_gone(self, name: str) -> None:
        """Know a job no longer."""

    def run_job(self, name: str) -> None:
        """Begin a job's request at once, whose answer nobody waits for."""

    def push_set(self, push: PushSpec) -> None:
        """Deliver a topic's messages, in place of the subscription of this name."""

    def push_gone(self, name: str) -> None:
        """Deliver nothing more by this subscription."""

    def published(self, topic: str, messages: Sequence[tuple[bytes, Mapping[str, str]]]) -> None:
        """Take messages, each with its attributes, that were published to a topic."""

    def log_of(self, service: str, since: str) -> Awaitable[Sequence[LogText]]:
        """Return what a service's functions wrote since this moment, oldest first."""


class Tokens(Protocol):
    """Access and identity tokens of the project's accounts."""

    def email_of(self, access_token: str) -> str | None:
        """Return whose token it is; None if it is none, or no longer valid."""

    def access_token(self, email: str) -> str:
        """Return a token for an account."""

    def identity_token(self, email: str, audience: str) -> str:
        """Return a signed statement of who an account is, for one audience."""
