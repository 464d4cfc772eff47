"""The cloud-neutral work of each of the twin's functions, called by the entry points."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Mapping, Sequence
from contextlib import AsyncExitStack
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, NamedTuple

import orjson

from l3kit.errors import ConfigurationError
from l3kit.tiering.ports import ObjectStore, Tier
from l3kit.tiering.settings.function_table import EXPIRER
from l3kit.tiering.settings.late_modules import NO_MODULES, CloudModules, load, modules_at_start
from l3kit.tiering.settings.loading import Settings
from l3kit.tiering.tokens import Secret

if TYPE_CHECKING:  # imported by the functions that need it
    from l3kit.tiering.movers.archive_targets import ArchiveTarget
    from l3kit.tiering.movers.cold_target import ColdTarget
    from l3kit.tiering.movers.report import RunReport
    from l3kit.tiering.runtime.chain import Chain
    from l3kit.tiering.runtime.openers import Openers
    from l3kit.tiering.stream.ports import Delivery
    from l3kit.tiering.transfer.receiver import Receiver
    from l3kit.tiering.transfer.sender import Writer
    from l3kit.tiering.transfer.wire import Request, Response

MAX_REPORT_BYTES = 5_000_000
"""Limit for a report as a response: below every cloud's limit, the lowest being Lambda's 6 MB."""


class Run(NamedTuple):
    """One run of a mover or of the expirer.

    Attributes:
        time: the scheduled time as ISO-8601 text, so that a retried or late run has the same cutoff; None is now.
        request_id: the cloud's id of the invocation.
        remaining: seconds until the cloud ends the function.
        canary: move only the canary of `verify`, regardless of `time`.
    """

    time: object
    request_id: str
    remaining: Callable[[], float]
    canary: bool = False

    @property
    def now(self) -> datetime:
        """The run's time in UTC. Raises: ConfigurationError if `time` is not a time."""
        if self.time is None or self.canary:
            return datetime.now(UTC)
        try:
            moment = datetime.fromisoformat(self.time)  # type: ignore[arg-type]
        except (TypeError, ValueError):
            raise ConfigurationError("event.time", f"{self.time!r} is not an ISO-8601 time") from None
        return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


class Function:
    """One function with its settings. The `role` in its spec determines which method applies.

    A mover or the expirer `move`s, a receiver `write`s, a reader `read`s, a source `dispatch`es, a step `step`s.
    Stores stay open between invocations, except that each mover run opens its own, since it counts requests.

    Args:
        late: late modules of the cloud; those that most calls need are imported at once, like those of l3kit.
    """

    def __init__(self, settings: Settings, openers: Openers, late: CloudModules = NO_MODULES) -> None:
        stores, calls, sends = settings.stores, bool(settings.peers), bool(settings.remote_url)
        load(modules_at_start(settings.function, late, stores=stores, calls=calls, sends=sends))
        self._settings = settings
        self._openers = openers
        self._kept: dict[str, Any] = {}

    async def move(self, run: Run) -> RunReport:
        """Run the mover or the expirer. Raises: L3Error if the run could not start."""
        async with AsyncExitStack() as closing:
            if self._settings.function == EXPIRER:
                return await self._expire(run, closing)
            if self._settings.function == "hot-to-cold-mover":
                return await self._hot_to_cold(run, closing)
            return await self._cold_to_archive(run, closing)

    async def dispatch(self, deliveries: Sequence[Delivery], remaining: Callable[[], float]) -> dict[str, int]:
        """Handle the messages of a source of layer 1, and return the counts.

        Args:
            remaining: seconds until the cloud ends the function.
        Raises: L3Error if not every message is in the hot tier or in the dead letters; the source delivers all again.
        """
        return (await self._chain().dispatch(deliveries, remaining)).to_json()

    async def step(self, event: bytes, remaining: Callable[[], float]) -> bytes:
        """Handle a call of another function of the message chain. Also for a dispatcher, to replay dead letters.

        Args:
            event: JSON, with exact digits: a message, a list of messages, or `{"messages": [...]}`.
            remaining: seconds until the cloud ends the function.
        Returns: JSON.
        Raises: L3Error if not every message is in the hot tier or in the dead letters.
        """
        return await self._chain().step(event, remaining)

    def take_letter_count(self) -> int:
        """Return how many dead letters this function of the message chain stored since it was last asked."""
        chain: Chain | None = self._kept.get("chain")
        return chain.take_letter_count() if chain else 0

    async def write(self, request: Request) -> Response:
        """Handle a request from a sender on another cloud; an invalid request gives an error response."""
        return await self._receiver().handle(request)

    def _receiver(self) -> Receiver:
        settings = self._settings
        token, former, auth = settings.token, settings.former, settings.auth
        if settings.function == "cold-writer":
            from l3kit.tiering.transfer.cold_writer import ColdWriter

            archive = self._kept_objects("archive") if "archive" in settings.stores else None
            return ColdWriter(self._kept_objects("cold"), token, former=former, auth=auth, archive=archive)
        if settings.function == "archive-writer":
            from l3kit.tiering.transfer.archive_writer import ArchiveWriter

            return ArchiveWriter(self._kept_objects("archive"), token, former=former, auth=auth)
        return self._chain().receiver()

    def _chain(self) -> Chain:
        from l3kit.tiering.runtime.chain import Chain

        if "chain" not in self._kept:
            self._kept["chain"] = Chain(self._settings, self._openers)
        chain: Chain = self._kept["chain"]
        return chain

    def _kept_objects(self, tier: Tier) -> ObjectStore:
        if tier not in self._kept:
            self._kept[tier] = self._openers.objects(self._settings.stores[tier], tier)
        store: ObjectStore = self._kept[tier]
        return store

    async def read(self, request: Mapping[str, Any]) -> dict[str, Any]:
        """Read a device's items or its last one. Raises: ConfigurationError naming the field; StoreError."""
        from l3kit.tiering.format.item_times import moment_of
        from l3kit.tiering.runtime.readers import read_history, read_last

        if "hot" not in self._kept:
            self._kept["hot"] = self._openers.hot(self._settings.stores["hot"])
        if self._settings.function == "hot-reader":
            return await read_history(self._kept["hot"], request)
        return await read_last(self._kept["hot"], request, moment_of(datetime.now(UTC)))

    async def answer(self, request: Request) -> Response:
        """Handle an HTTP request to a reader; an invalid request gives an error response.

        The body of the response has exact numbers, for `exact_dumps`.
        """
        from l3kit.tiering.runtime.reader_requests import ReaderRequests

        settings = self._settings
        token = settings.token if settings.takes_token else Secret("")
        return await ReaderRequests(settings.function, self.read, token, former=settings.former).handle(request)

    async def _hot_to_cold(self, run: Run, closing: AsyncExitStack) -> RunReport:
        from l3kit.tiering.movers.hot_to_cold import HotToCold

        settings = self._settings
        compression = settings.tuning.compression
        archive = self._objects("archive", closing) if "archive" in settings.stores else None
        target: ColdTarget
        if settings.remote_url:
            from l3kit.tiering.movers.remote_target import RemoteTarget

            writer = self._writer("hot", "cold", closing)
            target = RemoteTarget(writer, settings.provider, compression, settings.receiver_limit, archive)
        else:
            from l3kit.tiering.movers.local_target import LocalTarget

            target = LocalTarget(self._objects("cold", closing), compression, archive)
        hot = self._openers.hot(settings.stores["hot"])
        closing.push_async_callback(hot.close)
        journal = self._openers.journal(settings.stores["journal"])
        closing.push_async_callback(journal.close)
        mover = HotToCold(
            hot=hot,
            journal=journal,
            target=target,
            devices=settings.twin.devices,
            now=run.now,
            hot_days=settings.twin.hot_days,
            run_id=_run_id(run),
            clock=_utc_now,
            remaining=run.remaining,
            tuning=settings.tuning,
        )
        return await (mover.run_canary() if run.canary else mover.run())

    async def _cold_to_archive(self, run: Run, closing: AsyncExitStack) -> RunReport:
        from l3kit.tiering.movers.archive_targets import LocalArchive, RemoteArchive
        from l3kit.tiering.movers.cold_to_archive import ColdToArchive

        settings = self._settings
        target: ArchiveTarget
        if settings.remote_url:
            writer = self._writer("cold", "archive", closing)
            target = RemoteArchive(writer, settings.provider, settings.receiver_limit)
        else:
            target = LocalArchive(self._objects("archive", closing))
        mover = ColdToArchive(
            cold=self._objects("cold", closing),
            target=target,
            now=run.now,
            cold_days=settings.twin.cold_days,
            run_id=_run_id(run),
            clock=_utc_now,
            remaining=run.remaining,
            tuning=settings.tuning,
        )
        return await mover.run()

    async def _expire(self, run: Run, closing: AsyncExitStack) -> RunReport:
        from l3kit.tiering.movers.archive_expirer import ArchiveExpirer

        days = self._settings.twin.archive_days
        assert days is not None  # `load_settings` refuses
        expirer = ArchiveExpirer(
            archive=self._objects("archive", closing),
            now=run.now,
            archive_days=days,
            run_id=_run_id(run),
            clock=_utc_now,
            remaining=run.remaining,
        )
        return await expirer.run()

    def _objects(self, tier: Tier, closing: AsyncExitStack) -> ObjectStore:
        store = self._openers.objects(self._settings.stores[tier], tier)
        closing.push_async_callback(store.close)
        return store

    def _writer(self, source: str, target: Tier, closing: AsyncExitStack) -> Writer:
        from l3kit.tiering.transfer.sender import Writer

        settings = self._settings
        receiver = str((settings.twin.providers or {})[f"layer_3_{target}_provider"])
        link = f"{settings.provider}_l3{source}_to_{receiver}_l3{target}"
        timeout = float(settings.tuning.request_timeout_seconds)
        writer = Writer(
            settings.remote_url or "",
            settings.token,
            link,
            signed_path=f"/{target}-writer" if settings.auth.signed else "",
            timeout=timeout,
        )
        closing.callback(writer.close)
        return writer


def bounded_report(report: RunReport) -> dict[str, Any]:
    """The report as JSON values, without the moved keys if it would exceed MAX_REPORT_BYTES."""
    content = report.to_json()
    if len(orjson.dumps(content)) > MAX_REPORT_BYTES:
        for device in content["devices"]:
            device["keys"], device["skipped"] = [], device["skipped"][:10]
        content["devices"] = content["devices"][:1000]
        content["shortened"] = True
    return content


def _run_id(run: Run) -> str:
    """A run id that is unique even if a cloud repeats an invocation with the same request id."""
    return f"{run.request_id}-{uuid.uuid4().hex[:8]}"


def _utc_now() -> datetime:
    return datetime.now(UTC)
