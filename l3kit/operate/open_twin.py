"""A twin and its clouds as one value, with a method for each operation."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from functools import partial
from os import PathLike, fspath
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self, Unpack

from l3kit.deploy import run as deployment
from l3kit.deploy.open_plan import OpenPlan, open_plan
from l3kit.deploy.plan import Plan
from l3kit.deploy.sandbox_end import stop_if_empty
from l3kit.notebook.progress import DONE, Silent
from l3kit.notebook.tables import Displayable, Sheet, table
from l3kit.operate import inventory, journal, movers, query, runs
from l3kit.operate.audit import auditing
from l3kit.operate.audit.report import AuditReport
from l3kit.operate.audit.settings import AuditOptions
from l3kit.operate.explain import gather
from l3kit.operate.letters.listing import LIMIT, LettersReport
from l3kit.operate.letters.listing import letters as list_letters
from l3kit.operate.letters.outcomes import LettersReplay
from l3kit.operate.letters.replay import replay_letters
from l3kit.operate.load.loading import load as load_files
from l3kit.operate.load.report import LoadReport
from l3kit.operate.load.settings import LoadOptions
from l3kit.operate.simulate import publication
from l3kit.operate.upkeep import Upkeep
from l3kit.operate.verify import links, report
from l3kit.twin.config import Twin

if TYPE_CHECKING:
    from l3kit.deploy import ApplyResult
    from l3kit.operate.explain.page import DevicePage
    from l3kit.operate.journal import JournalReport, TierObjects
    from l3kit.operate.query import QueryResult
    from l3kit.session import Session
    from l3kit.tiering.ports import Tier


@dataclass(frozen=True, slots=True, repr=False)
class OpenTwin(Upkeep, Displayable):
    """A twin whose clouds are connected, as returned by `open`.

    Attributes:
        config: the twin's files.
        session: its clouds.
        sandbox: the sandbox's name; empty on real accounts.
        shows: progress of long steps.
    """

    config: Twin
    session: Session
    sandbox: str = ""
    shows: Silent = field(default_factory=Silent)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.close()

    def close(self) -> None:
        """Stop the sandbox if it was started for this twin alone (`fresh`); change nothing else."""
        self.session.close()

    def sheet(self) -> Sheet:
        """The twin's files, and whether its sandbox stays."""
        fate = "ends" if self.session.private else "stays"
        notes = (f"In the sandbox {self.sandbox}, which {fate} when the twin is closed.",) if self.sandbox else ()
        return Sheet("", (table(self.config.to_frame()),), notes)

    def plan(self, *, clouds: Collection[str] | None = None, rotate_tokens: bool = False) -> OpenPlan:
        """Compare the deployed resources with the desired ones. Changes nothing in any cloud.

        Args:
            clouds: plan only the parts on these clouds; None or empty is all.
            rotate_tokens: give every cross-cloud link a new token.
        Raises: ProvisioningError if a tier is on a cloud that this session cannot deploy to; PermissionMissingError.
        """
        made = deployment.plan(self.config, self.session, clouds=clouds, rotate_tokens=rotate_tokens)
        return self._to_carry_out(self._with_pauses(made), "apply")

    def plan_destroy(self, *, data: bool = False) -> OpenPlan:
        """Show what `destroy` would remove. Changes nothing.

        Args:
            data: including the tables and buckets.
        """
        return self._to_carry_out(deployment.plan_destroy(self.config, self.session, data=data), "destroy")

    def destroy(self, *, data: bool = False) -> ApplyResult:
        """Remove everything that carries this twin's tag.

        Args:
            data: also the tables and buckets, with their content.
        Raises: ProvisioningError naming the step; calling it again removes the rest.
        """
        return self.plan_destroy(data=data).apply()

    def stop_if_empty(self, left: Plan) -> str:
        """Stop the sandbox, even a shared one, if nothing is left in it.

        Args:
            left: the plan of what destroying the twin with its data would still remove.
        Returns: a sentence on the sandbox; empty for real accounts.
        """
        return stop_if_empty(self.session, left)

    def load(self, *files: str | PathLike[str], **options: Unpack[LoadOptions]) -> LoadReport:
        """Load readings from files, or from a table, into the hot tier, each once; bad rows go to a file next to them.

        docs/how-to/load.md describes it.

        Args:
            files: CSV, JSON lines and JSON arrays, each also with .gz; Parquet; folders of them; `-` is standard input.
                None with `from_table`, the name of a table, container or collection, which is only read.
            options: as in `l3kit load`, with underscores: `time="when"`, `timezone="UTC"`, `add_devices=True`.
        Raises: ConfigurationError before anything is written; LoadStoppedError, after which the same call continues.
        """
        paths = [fspath(file) for file in files]
        return load_files(self.session, self.config, paths, options, shows=partial(self.shows.sizes, "load"))

    def publish(
        self, messages: Iterable[publication.Message], *, wait_seconds: float = publication.WAIT_SECONDS
    ) -> publication.Publication:
        """Publish messages of devices over MQTT in the sandbox, each byte for byte, and wait for the chain.

        Args:
            messages: pairs of a device's id and its message, text or bytes; unknown devices are allowed.
            wait_seconds: maximum wait until every message is in the hot tier or in the dead letters; 0: do not wait.
        Raises: ConfigurationError on real accounts and without a deployed message chain; BrokerError.
        """
        sent = list(messages)
        progress = self.shows.counter("publish", len(sent))
        return publication.publish(self.session, self.config, sent, wait_seconds=wait_seconds, progress=progress)

    def run_mover(self, function: str, *, time: date | str | None = None) -> movers.MoverRun:
        """Run a deployed mover or the expirer and wait until it has done all it can.

        Args:
            function: `hot-to-cold-mover`, `cold-to-archive-mover` or `archive-expirer`.
            time: the run's time of reference: ISO 8601 with a zone, a datetime with one, or a date; None is now.
        Raises: ProvisioningError if it is not deployed; L3Error if it failed, with the end of its log.
        """
        return movers.run_mover(self.session, self.config, function, time=time)

    def replay(self, moments: Sequence[datetime], *, count_tiers: bool = False) -> runs.MoverRuns:
        """Run both movers at each of these times in turn, as their schedules would have done.

        Args:
            count_tiers: also count the items of each tier after each time.
        Raises: ProvisioningError if a mover is not deployed; L3Error if one failed, with the end of its log.
        """

        def bar(made: Iterable[runs.Run]) -> Iterable[runs.Run]:
            return self.shows.each(made, len(moments), "scheduled runs")

        return runs.run_at(self.session, self.config, moments, count_tiers=count_tiers, progress=bar)

    def query(self, device: str, start: str | date | None = None, end: str | date | None = None) -> QueryResult:
        """Read a device's items with `start <= time <= end` from all tiers, as one table.

        Args:
            device: its id.
            start, end: ISO 8601 with a zone, a datetime with one, or a date, which is a whole day of UTC; None: open.
        Raises: ConfigurationError for an invalid time or a start after the end; L3Error for an unknown device.
        """
        return query.query(self.session, self.config, device, start, end)

    def explain(self, device: str, *, now: datetime | None = None) -> DevicePage:
        """Explain the state of a device: its data in each tier, the chunk under way, what comes next, and its erases.

        Args:
            now: the page's time of reference, with a time zone; None is the present.
        Raises: ConfigurationError for a device that is not the twin's and has no data; StoreError.
        """
        return gather.explain(self.session, self.config, device, now=now)

    def verify(
        self, *, clouds: Sequence[str] = (), canary: bool = True, now: datetime | None = None
    ) -> report.VerifyReport:
        """Check links, functions, schedules, drift and the hot tier's keys. A failed check raises nothing here.

        Args:
            clouds: check only the parts on these clouds; empty is all.
            canary: also send a message through the message chain to the hot tier, have the deployed mover move it to
                the cold tier, and remove it again.
            now: readings later than this are reported as ahead of time; None is the present.
        """
        steps = self.shows.steps("check")
        return report.verify(self.session, self.config, clouds=clouds, canary=canary, now=now, progress=steps)

    def audit(self, **options: Unpack[AuditOptions]) -> AuditReport:
        """Check every object of the cold and archive tiers against its metadata and the journal.

        Only reads, unless a restore is asked for. A fault raises nothing here. docs/how-to/audit.md describes it.

        Args:
            options: as in `l3kit audit`: `sample="1%"`, `device="pump-1"`, `restore=True`.
        Raises: ConfigurationError for an option; L3Error for an unknown device; AuditStoppedError, after which the same
            call continues.
        """
        return auditing.audit(self.session, self.config, options, shows=self.shows)

    def check_links(self) -> None:
        """Ask the writer of each cross-cloud link whether it and its mover have the same token. Moves nothing.

        Raises: ConfigurationError naming every fault of all links, and the remedy.
        """
        links.check_links(self.session, self.config)

    def tiers(self, *, now: datetime | None = None) -> inventory.TiersReport:
        """Count items, objects and bytes of every device in every tier. Reads the hot tier whole.

        Args:
            now: readings later than this are counted as ahead of time; None is the present.
        Raises: StoreError if a store is unavailable.
        """
        return inventory.tiers(self.session, self.config, now=now)

    def objects(self, tier: Tier) -> TierObjects:
        """List the objects of a tier.

        Args:
            tier: `cold` or `archive`.
        Raises: L3Error if this session is not connected to the tier's cloud.
        """
        return journal.objects(self.session, self.config, tier)

    def journal(self) -> JournalReport:
        """Read each device's journal record: lease, chunk under way, and counts."""
        return journal.read_journal(self.session, self.config)

    def letters(
        self,
        *,
        problem: str | Sequence[str] = (),
        device: str | None = None,
        since: date | str | None = None,
        limit: int | None = LIMIT,
    ) -> LettersReport:
        """List the dead letters of all clouds of the twin, and what the clouds' own delivery put among them.

        Args:
            problem: one problem or several (docs/reference/messages.md), also `undelivered`; empty is all.
            device: only of this sender.
            since: received from then on, or else written: ISO 8601 with a zone, a datetime with one, or a date.
            limit: maximum number; None is all.
        Raises: ConfigurationError for an invalid choice. An unreadable cloud is a gap.
        """
        return list_letters(self.session, self.config, problem=problem, device=device, since=since, limit=limit)

    def replay_letters(
        self,
        *,
        problem: str | Sequence[str] = (),
        device: str | None = None,
        since: date | str | None = None,
        limit: int | None = None,
        dry_run: bool = False,
    ) -> LettersReplay:
        """Send dead letters through the message chain again, and delete those whose messages are taken.

        Args:
            problem: as in `letters`, but empty omits `superseded`, whose replay replaces newer versions.
            device, since, limit: as in `letters`.
            dry_run: send and delete nothing.
        Raises: ConfigurationError for an invalid choice. A failed message keeps its letter and raises nothing here.
        """
        choice: dict[str, Any] = {"problem": problem, "device": device, "since": since, "limit": limit}
        steps = self.shows.steps("replay")
        replayed = replay_letters(self.session, self.config, **choice, dry_run=dry_run, progress=steps)
        steps(DONE)
        return replayed

    def _to_carry_out(self, made: Plan, name: str) -> OpenPlan:
        def carry_out(plan: Plan) -> ApplyResult:
            return deployment.apply(plan, self.session, progress=self.shows.bar(name))

        return open_plan(made, carry_out)
