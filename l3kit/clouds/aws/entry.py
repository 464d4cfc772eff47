"""Lambda handlers: events to what `l3kit.tiering` understands, and its answers back. No logic of tiering here.

`lambda_code/aws/<function>/lambda_function.py` calls `build` when it is imported, so that a missing variable ends the
start-up with an error that names it.
"""

from __future__ import annotations

import asyncio
import base64
import os
import uuid
from collections.abc import Awaitable, Callable, Mapping
from contextlib import AsyncExitStack
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

import orjson

from l3kit.clouds.aws.log_lines import LogLines
from l3kit.clouds.aws.stores import open_hot, open_journal, open_objects
from l3kit.errors import ConfigurationError
from l3kit.tiering.ports import HotStore, JournalStore, ObjectStore, Tier
from l3kit.tiering.report import RunReport
from l3kit.tiering.settings import Settings, Tuning, load_settings
from l3kit.tiering.wire import Request, Response

if TYPE_CHECKING:  # each function imports what it runs when it runs: a cold start has no time for the rest
    from l3kit.tiering.archive_targets import ArchiveTarget
    from l3kit.tiering.device_move import ColdTarget
    from l3kit.tiering.http import Writer

PROVIDER = "aws"
MAX_RESULT_BYTES = 5_000_000

Event = Mapping[str, Any]
Handler = Callable[[Event, Any], Any]


class Context(Protocol):
    """The part of Lambda's context object that is used."""

    aws_request_id: str

    def get_remaining_time_in_millis(self) -> int: ...


@dataclass(frozen=True, slots=True)
class Openers:
    """How stores are opened by name; tests hand in others."""

    hot: Callable[[str], HotStore]
    journal: Callable[[str], JournalStore]
    objects: Callable[[str, Tier], ObjectStore]

    @classmethod
    def of_aws(cls, tuning: Tuning) -> Openers:
        """DynamoDB and S3, by the usual environment variables for region, endpoints and credentials."""
        timeout = float(tuning.request_timeout_seconds)
        return cls(
            partial(open_hot, delete_concurrency=tuning.delete_concurrency, timeout=timeout),
            partial(open_journal, timeout=timeout),
            partial(open_objects, timeout=timeout),
        )


@dataclass(frozen=True, slots=True)
class _Call:
    """One invocation.

    Attributes:
        kept: stores that live on until the next invocation, by tier.
        closing: what is closed at this one's end.
    """

    settings: Settings
    openers: Openers
    event: Event
    context: Context
    kept: dict[str, Any]
    closing: AsyncExitStack

    @property
    def now(self) -> datetime:
        """The scheduled time where the event tells one, so that a retried or late run has the same cutoff."""
        text = self.event.get("time")
        if text is None:
            return datetime.now(UTC)
        try:
            moment = datetime.fromisoformat(text)
        except (TypeError, ValueError):
            raise ConfigurationError("event.time", f"{text!r} is not an ISO-8601 time") from None
        return moment if moment.tzinfo else moment.replace(tzinfo=UTC)

    @property
    def run_id(self) -> str:
        """Unique even where Lambda repeats an asynchronous invocation under the same request id."""
        return f"{self.context.aws_request_id}-{uuid.uuid4().hex[:8]}"

    def remaining(self) -> float:
        """Seconds until Lambda ends the function."""
        return self.context.get_remaining_time_in_millis() / 1000

    def hot(self) -> HotStore:
        """Opened once, kept for later invocations."""
        if "hot" not in self.kept:
            self.kept["hot"] = self.openers.hot(self.settings.stores["hot"])
        store: HotStore = self.kept["hot"]
        return store

    def objects(self, tier: Tier) -> ObjectStore:
        """Opened once, kept for later invocations."""
        if tier not in self.kept:
            self.kept[tier] = self.openers.objects(self.settings.stores[tier], tier)
        store: ObjectStore = self.kept[tier]
        return store

    def journal(self) -> JournalStore:
        store = self.openers.journal(self.settings.stores["journal"])
        self.closing.push_async_callback(store.close)
        return store

    def writer(self, source: str, target: Tier) -> tuple[Writer, str]:
        """The remote writer, and the provider that it runs on."""
        from l3kit.tiering.http import Writer

        receiver = str((self.settings.twin.providers or {})[f"layer_3_{target}_provider"])
        link = f"{PROVIDER}_l3{source}_to_{receiver}_l3{target}"
        timeout = float(self.settings.tuning.request_timeout_seconds)
        writer = Writer(self.settings.remote_url or "", self.settings.token, link, timeout=timeout)
        self.closing.callback(writer.close)
        return writer, receiver

    async def forget_stores(self) -> None:
        """A mover counts what it asked of its stores, so that each run begins with new ones."""
        stores = list(self.kept.values())
        self.kept.clear()
        for store in stores:
            await store.close()


async def _hot_to_cold(call: _Call) -> Any:
    from l3kit.tiering.hot_to_cold import HotToCold
    from l3kit.tiering.targets import LocalTarget, RemoteTarget

    call.closing.push_async_callback(call.forget_stores)
    settings = call.settings
    compression = settings.tuning.compression
    target: ColdTarget
    if settings.remote_url:
        writer, receiver = call.writer("hot", "cold")
        target = RemoteTarget(writer, PROVIDER, compression, receiver)
    else:
        target = LocalTarget(call.objects("cold"), compression)
    mover = HotToCold(
        hot=call.hot(),
        journal=call.journal(),
        target=target,
        devices=settings.twin.devices,
        now=call.now,
        hot_days=settings.twin.hot_days,
        run_id=call.run_id,
        clock=lambda: datetime.now(UTC),
        remaining=call.remaining,
        tuning=settings.tuning,
    )
    return bounded_report(await mover.run())


async def _cold_to_archive(call: _Call) -> Any:
    from l3kit.tiering.archive_targets import LocalArchive, RemoteArchive
    from l3kit.tiering.cold_to_archive import ColdToArchive

    call.closing.push_async_callback(call.forget_stores)
    settings = call.settings
    target: ArchiveTarget
    if settings.remote_url:
        target = RemoteArchive(*_with_source(call.writer("cold", "archive")))
    else:
        target = LocalArchive(call.objects("archive"))
    mover = ColdToArchive(
        cold=call.objects("cold"),
        target=target,
        now=call.now,
        cold_days=settings.twin.cold_days,
        run_id=call.run_id,
        clock=lambda: datetime.now(UTC),
        remaining=call.remaining,
        tuning=settings.tuning,
    )
    return bounded_report(await mover.run())


def _with_source(writer_and_receiver: tuple[Writer, str]) -> tuple[Writer, str, str]:
    writer, receiver = writer_and_receiver
    return writer, PROVIDER, receiver


async def _cold_writer(call: _Call) -> Any:
    from l3kit.tiering.writers import ColdWriter

    writer = ColdWriter(call.objects("cold"), call.settings.token)
    return url_answer(await writer.handle(url_request(call.event)))


async def _archive_writer(call: _Call) -> Any:
    from l3kit.tiering.writers import ArchiveWriter

    writer = ArchiveWriter(call.objects("archive"), call.settings.token)
    return url_answer(await writer.handle(url_request(call.event)))


async def _hot_reader(call: _Call) -> Any:
    from l3kit.tiering.readers import read_history

    return await read_history(call.hot(), call.event)


async def _hot_reader_last_entry(call: _Call) -> Any:
    from l3kit.tiering.readers import read_last

    return await read_last(call.hot(), call.event)


_SERVE: Mapping[str, Callable[[_Call], Awaitable[Any]]] = {
    "hot-to-cold-mover": _hot_to_cold,
    "cold-to-archive-mover": _cold_to_archive,
    "cold-writer": _cold_writer,
    "archive-writer": _archive_writer,
    "hot-reader": _hot_reader,
    "hot-reader-last-entry": _hot_reader_last_entry,
}


def build(function: str, env: Mapping[str, str] = os.environ, openers: Openers | None = None) -> Handler:
    """The handler of one of the twin's functions.

    Raises: ConfigurationError (a RuntimeError) naming the variable that is missing or wrong; MissingConnectionError.
    """
    settings = load_settings(function, env, provider=PROVIDER, root=Path(env.get("LAMBDA_TASK_ROOT", ".")))
    log_lines = LogLines(function, settings.token)
    if "AWS_LAMBDA_RUNTIME_API" in env:
        log_lines.install()
    runner = asyncio.Runner()  # one loop for all invocations: connections stay open between them
    kept: dict[str, Any] = {}
    opened_by = openers or Openers.of_aws(settings.tuning)

    async def serve(event: Event, context: Context) -> Any:
        async with AsyncExitStack() as closing:
            return await _SERVE[function](_Call(settings, opened_by, event, context, kept, closing))

    def handler(event: Event, context: Any) -> Any:
        log_lines.request_id = context.aws_request_id
        return runner.run(serve(event, context))

    return handler


def url_request(event: Event) -> Request:
    """A Function URL's event, payload format 2.0, as a request."""
    body = event.get("body") or ""
    content = base64.b64decode(body) if event.get("isBase64Encoded") else body.encode("utf-8", "surrogatepass")
    method = event.get("requestContext", {}).get("http", {}).get("method", "POST")
    return Request(event.get("headers") or {}, content, method)


def url_answer(response: Response) -> dict[str, Any]:
    """A response in the form that a Function URL turns into HTTP."""
    return {
        "statusCode": response.status,
        "headers": {"content-type": "application/json", "cache-control": "no-store", **response.headers},
        "body": orjson.dumps(dict(response.body)).decode(),
        "isBase64Encoded": False,
    }


def bounded_report(report: RunReport) -> dict[str, Any]:
    """The report as the invocation's result; without the moved keys where it would exceed Lambda's 6 MB."""
    content = report.to_json()
    if len(orjson.dumps(content)) > MAX_RESULT_BYTES:
        for device in content["devices"]:
            device["keys"], device["skipped"] = [], device["skipped"][:10]
        content["devices"] = content["devices"][:1000]
        content["shortened"] = True
    return content
