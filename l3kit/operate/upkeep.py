"""Upkeep of a twin over the years: pause and resume its movers, free what a dead run holds."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, datetime
from typing import TYPE_CHECKING

from l3kit.errors import L3Error
from l3kit.notebook.progress import DONE, Silent
from l3kit.operate import forecast as forecasts
from l3kit.operate import leases
from l3kit.operate.erase import starting as erasing
from l3kit.operate.erase.report import ErasePlan, EraseReport
from l3kit.operate.forecast import Forecast
from l3kit.operate.history import reading
from l3kit.operate.history.answer import RunHistory
from l3kit.operate.holds import changes as holding
from l3kit.operate.holds.report import HoldReport, read_holds
from l3kit.operate.pauses import changes
from l3kit.operate.pauses.report import PauseReport, paused_movers

if TYPE_CHECKING:
    from l3kit.deploy.plan import Plan
    from l3kit.session import Session
    from l3kit.twin.config import Twin


class Upkeep:
    """The part of `OpenTwin` for a twin that has been deployed for long."""

    __slots__ = ()

    config: Twin
    session: Session
    shows: Silent

    def pause(self, device: str | None = None, *, by: str = "", reason: str = "") -> PauseReport:
        """Pause both movers, or what they do for one device, until `resume`; also across `apply` and `destroy`.

        A chunk under way stays until after the resume. Nothing is lost or doubled, and messages still come in.

        Args:
            device: its id; None is the whole twin.
            by, reason: who pauses, and why; runs, `verify` and `explain` tell it.
        Raises: ConfigurationError for an unknown device, or if not both movers' stores are reached; StoreError, also
            if only one mover is paused then: calling it again completes the pause.
        """
        return changes.pause(self.session, self.config, device, by=by, reason=reason)

    def resume(self, device: str | None = None) -> PauseReport:
        """Lift a pause. Devices that are paused by themselves stay so when the twin is resumed.

        Args:
            device: its id; None is the pause of the whole twin.
        Raises: as `pause`.
        """
        return changes.resume(self.session, self.config, device)

    def hold(self, device: str | None = None, *, reason: str, by: str = "") -> HoldReport:
        """Let nothing be deleted for good until `release`: neither by `erase` nor by the archive's expiry.

        Args:
            device: its id, also of one that the config no longer lists; None is the whole twin.
            reason, by: why, and who holds; `verify` tells it.
        Raises: ConfigurationError without a reason, for an unknown device, or if not both places of holds are reached;
            StoreError, also if only one of them is written then: calling it again completes the hold.
        """
        return holding.hold(self.session, self.config, device, reason=reason, by=by)

    def release(self, device: str | None = None) -> HoldReport:
        """Lift a hold. Devices that are held by themselves stay so when the twin's hold is lifted.

        Args:
            device: its id; None is the hold of the whole twin.
        Raises: as `hold`.
        """
        return holding.release(self.session, self.config, device)

    def holds(self) -> HoldReport:
        """Tell what is held, since when, by whom and why. Raises: StoreError. A place that is not reached is a gap."""
        return read_holds(self.session, self.config)

    def plan_erase(self, device: str) -> ErasePlan:
        """Count what `erase` would erase of a device, by tier, and tell what it does not reach. Changes nothing.

        Raises: as `erase`.
        """
        return erasing.plan_erase(self.session, self.config, device)

    def erase(self, device: str, *, reason: str = "", by: str = "", wait: bool = True) -> EraseReport:
        """Erase everything of a device in all tiers, old versions of objects included, for good.

        The movers leave the device meanwhile. A record with digests stays in the archive tier, and the device's entry
        in the config. Interrupted at any point, a repeated call goes on. docs/erase.md describes it.

        Args:
            reason, by: why, and who erases; the record tells it.
            wait: for a mover's run that may still put a chunk back, up to 16 minutes; else a later call looks again.
        Raises: ConfigurationError for an unknown device, with the nearest names, for one with a chunk under way, and
            where a tier is not reached; HeldError; LeaseTakenError while a run has the device; StoreError.
        """
        shown = self.shows.steps("erase")
        done = erasing.erase(self.session, self.config, device, reason=reason, by=by, wait=wait, progress=shown)
        shown(DONE)
        return done

    def forecast(self, function: str, *, time: date | str | None = None) -> Forecast:
        """Count what a mover would move: a dry run, which only reads.

        Args:
            function: `hot-to-cold-mover` or `cold-to-archive-mover`.
            time: the moment the run would stand for, as of `run_mover`; None is now.
        Raises: L3Error for what is no mover; StoreError. A tier that is not reached is a gap.
        """
        return forecasts.forecast(self.session, self.config, function, time=time)

    def runs(
        self, *, since: date | str | None = reading.SINCE, mover: str | None = None, now: datetime | None = None
    ) -> RunHistory:
        """Tell of past runs of the movers, how far each device lags, and what needs doing first. Only reads.

        Args:
            since: runs that started from then on: a duration before now such as `12h` or `30d`, ISO 8601 with a zone, a
                datetime with one, or a date; None is all that are kept, which is 90 days.
            mover: only of `hot-to-cold-mover` or `cold-to-archive-mover`; None is both.
            now: the moment the answer stands for, with a time zone; None is the present.
        Raises: ConfigurationError for what is no time; L3Error for what is no mover; StoreError. What could not be read
            is a gap.
        """
        return reading.runs(self.session, self.config, since=since, mover=mover, now=now)

    def end_lease(self, device: str) -> str:
        """Free a device that a dead run holds. It would be free by itself two minutes after that run's last write.

        Only for a run that has certainly ended: look at its function's log first.

        Returns: the id of the run that held the lease; empty if none did.
        Raises: StoreError, also if the run turns out to be alive.
        """
        return leases.end_lease(self.session, self.config, device)

    def _with_pauses(self, made: Plan) -> Plan:
        """Add to a plan that movers are paused, where the journal is there already and may be read."""
        cloud = self.session.cloud(self.config.layout.hot)
        if cloud is None:
            return made
        journal = cloud.store_name(self.config, "journal")
        if not any(step.name == journal and step.action in ("unchanged", "update") for step in made.steps):
            return made
        try:
            told = paused_movers(self.session, self.config)
        except L3Error as error:
            told = f"Whether movers are paused could not be read: {error.resource}: {error.cause}."
        return replace(made, notes=(*made.notes, told)) if told else made
