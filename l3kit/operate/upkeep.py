"""Upkeep of a deployed twin: pauses, past and future runs, logs, leases."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, datetime
from typing import TYPE_CHECKING

from l3kit.errors import L3Error
from l3kit.notebook.progress import DONE, Silent
from l3kit.operate import forecast as forecasts
from l3kit.operate import leases
from l3kit.operate.alarms import reading as alarm_reading
from l3kit.operate.alarms.report import AlarmsReport
from l3kit.operate.erase import starting as erasing
from l3kit.operate.erase.report import ErasePlan, EraseReport
from l3kit.operate.forecast import Forecast
from l3kit.operate.history import reading
from l3kit.operate.history.answer import RunHistory
from l3kit.operate.holds import changes as holding
from l3kit.operate.holds.report import HoldReport, read_holds
from l3kit.operate.logs import choice as log_choice
from l3kit.operate.logs import reading as log_reading
from l3kit.operate.logs.report import LogsReport
from l3kit.operate.pauses import changes
from l3kit.operate.pauses.report import PauseReport, paused_movers

if TYPE_CHECKING:
    from l3kit.deploy.plan import Plan
    from l3kit.session import Session
    from l3kit.twin.config import Twin


class Upkeep:
    """The methods of `OpenTwin` for the upkeep of a deployed twin."""

    __slots__ = ()

    config: Twin
    session: Session
    shows: Silent

    def pause(self, device: str | None = None, *, by: str = "", reason: str = "") -> PauseReport:
        """Pause both movers, for the twin or one device, until `resume`; also across `apply` and `destroy`.

        A chunk under way stays until after the resume. Nothing is lost or doubled, and messages still arrive.

        Args:
            device: its id; None is the whole twin.
            by, reason: who pauses, and why; shown by runs, `verify` and `explain`.
        Raises: ConfigurationError for an unknown device, or if not both movers' stores are reached; StoreError, also
            if only one mover is paused then: calling it again completes the pause.
        """
        return changes.pause(self.session, self.config, device, by=by, reason=reason)

    def resume(self, device: str | None = None) -> PauseReport:
        """Lift a pause. Devices with a pause of their own stay paused when the twin is resumed.

        Args:
            device: its id; None is the pause of the whole twin.
        Raises: the same errors as `pause`.
        """
        return changes.resume(self.session, self.config, device)

    def hold(self, device: str | None = None, *, reason: str, by: str = "") -> HoldReport:
        """Protect data from permanent deletion until `release`: by `erase` and by the archive's expiry.

        Args:
            device: its id, also of one that the config no longer lists; None is the whole twin.
            reason, by: why, and by whom; `verify` reports it.
        Raises: ConfigurationError without a reason, for an unknown device, or if not both places of holds are reached;
            StoreError, also if only one of them is written then: calling it again completes the hold.
        """
        return holding.hold(self.session, self.config, device, reason=reason, by=by)

    def release(self, device: str | None = None) -> HoldReport:
        """Lift a hold. Devices with a hold of their own stay held when the twin's hold is lifted.

        Args:
            device: its id; None is the hold of the whole twin.
        Raises: as `hold` does.
        """
        return holding.release(self.session, self.config, device)

    def holds(self) -> HoldReport:
        """Return the holds, with time, person and reason. Raises: StoreError. A place that is not reached is a gap."""
        return read_holds(self.session, self.config)

    def plan_erase(self, device: str) -> ErasePlan:
        """Count what `erase` would erase of a device, by tier, and name what it does not reach. Changes nothing.

        Raises: as `erase` does.
        """
        return erasing.plan_erase(self.session, self.config, device)

    def erase(self, device: str, *, reason: str = "", by: str = "", wait: bool = True) -> EraseReport:
        """Permanently erase everything of a device in all tiers, old versions of objects included.

        The movers skip the device during that time. A record with digests stays in the archive tier, and the device's
        entry in the config. A repeated call continues one that was interrupted at any point. docs/how-to/erase.md
        describes it.

        Args:
            reason, by: why, and by whom; the record states it.
            wait: wait, up to 16 minutes, for a mover's run that may still put a chunk back; else a later call looks
                again.
        Raises: ConfigurationError for an unknown device, with the nearest names, for one with a chunk under way, and
            where a tier is not reached; HeldError; LeaseTakenError while a run has the device; StoreError.
        """
        shown = self.shows.steps("erase")
        done = erasing.erase(self.session, self.config, device, reason=reason, by=by, wait=wait, progress=shown)
        shown(DONE)
        return done

    def forecast(self, function: str, *, time: date | str | None = None) -> Forecast:
        """Count the items or chunks that a run would move or delete: a dry run, which only reads.

        Args:
            function: `hot-to-cold-mover`, `cold-to-archive-mover` or `archive-expirer`.
            time: the run's time of reference, as in `run_mover`; None is now.
        Raises: L3Error for an unknown mover; StoreError. An unreached tier is a gap.
        """
        return forecasts.forecast(self.session, self.config, function, time=time)

    def runs(
        self, *, since: date | str | None = reading.SINCE, mover: str | None = None, now: datetime | None = None
    ) -> RunHistory:
        """Return past runs of the movers and the expirer, each device's lag, and the problems by urgency. Only reads.

        Args:
            since: runs that started from then on: a duration before now such as `12h` or `30d`, ISO 8601 with a zone, a
                datetime with one, or a date; None is all that are kept, which is 90 days.
            mover: only of this mover, or of `archive-expirer`; None is all.
            now: the answer's time of reference, with a time zone; None is the present.
        Raises: ConfigurationError for an invalid time; L3Error for an unknown mover; StoreError. Unreadable data
            is a gap.
        """
        return reading.runs(self.session, self.config, since=since, mover=mover, now=now)

    def logs(
        self,
        function: str | None = None,
        *,
        since: date | str | None = log_choice.SINCE,
        limit: int | None = log_choice.LIMIT,
    ) -> LogsReport:
        """Read the log lines of a deployed function, on whichever cloud it is, without secrets.

        Args:
            function: its name, such as `hot-to-cold-mover`, or its deployed one; None is all functions of the twin.
            since: from then on: a duration before now such as `90s`, `15m`, `2h` or `7d`, ISO 8601 with a zone, a
                datetime with one, or a date; None is all that the clouds keep.
            limit: maximum number, the newest; None is all.
        Raises: ConfigurationError for an invalid choice. An unreadable log is a gap.
        """
        return log_reading.logs(self.session, self.config, function, since=since, limit=limit)

    def alarms(self) -> AlarmsReport:
        """Return the state of the twin's alarms, with reasons and remedies, and who is notified. Only reads.

        A cloud that has no alarms yet, or cannot be read, is a gap.
        """
        return alarm_reading.alarms(self.session, self.config)

    def end_lease(self, device: str) -> str:
        """Release the lease of a dead run on a device. It would expire two minutes after that run's last write.

        Only for a run that has certainly ended: check its function's log first.

        Returns: the id of the run that held the lease; empty if none did.
        Raises: StoreError, also if the run turns out to be alive.
        """
        return leases.end_lease(self.session, self.config, device)

    def _with_pauses(self, made: Plan) -> Plan:
        """Add a note on paused movers to a plan, if the journal exists and may be read."""
        cloud = self.session.cloud(self.config.layout.hot)
        if cloud is None:
            return made
        journal = cloud.store_name(self.config, "journal")
        if not any(step.name == journal and step.action in ("unchanged", "update") for step in made.steps):
            return made
        try:
            note = paused_movers(self.session, self.config)
        except L3Error as error:
            note = f"Whether movers are paused could not be read: {error.resource}: {error.cause}."
        return replace(made, notes=(*made.notes, note)) if note else made
