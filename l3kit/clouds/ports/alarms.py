"""The port of a twin's alarms on one cloud: what each means, its state, and who is notified."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Literal, Protocol, cast, get_args

from l3kit.providers import part, provider
from l3kit.tiering.runtime.measures import MEASURES_OF_RUNS
from l3kit.tiering.settings.function_table import EXPIRER

if TYPE_CHECKING:
    from l3kit.clouds.ports.cloud import Cloud
    from l3kit.twin.config import Twin
    from l3kit.twin.layout import Layout

AlarmKind = Literal["failed", "broke-off", "partial-twice", "late", "lag", "missed-starts", "dead-letters"]
KINDS: tuple[AlarmKind, ...] = get_args(AlarmKind)
OF_MOVERS: tuple[AlarmKind, ...] = ("failed", "broke-off", "partial-twice", "late", "lag")
"""Kinds of which each mover has an alarm; those that no function has belong to the twin's part on a cloud."""
OF_EXPIRER: tuple[AlarmKind, ...] = ("failed", "broke-off")
"""Kinds of which the archive expirer has an alarm: what it leaves goes with a later run, which nobody waits for."""
AlarmState = Literal["alarm", "ok", "unknown", "missing"]
LAG_DAYS = 2
"""Days that something may stay in its tier after it is due: two runs of a daily schedule."""


@dataclass(frozen=True, slots=True)
class Meaning:
    """A kind of alarm: what has happened, and what to do."""

    meaning: str
    remedy: str


MEANINGS: Mapping[AlarmKind, Meaning] = {
    "failed": Meaning("its last run got nothing done", "l3kit runs shows why; fix that, then start it with l3kit run"),
    "broke-off": Meaning(
        "a run ended without a report: an exception, its time limit or its memory", "l3kit logs has its last lines"
    ),
    "partial-twice": Meaning("its last two runs left something", "l3kit runs shows what was left and why"),
    "late": Meaning(
        "no run has reported for longer than its schedule allows", "l3kit verify checks schedule, role and function"
    ),
    "lag": Meaning(
        f"something that it left has been due for more than {LAG_DAYS} days", "l3kit runs and l3kit explain show what"
    ),
    "missed-starts": Meaning(
        "the scheduler could not start a function and gave up",
        "l3kit verify, then l3kit run what did not start; empty the queue",
    ),
    "dead-letters": Meaning("a message became a dead letter", "l3kit letters shows why; fix that, then l3kit replay"),
}


@dataclass(frozen=True, slots=True)
class Alarm:
    """One alarm as it is.

    Attributes:
        name: its name on its cloud.
        mover: the scheduled function that it watches; empty for an alarm of the whole twin.
        state: `unknown` before there is any data; `missing` if it is still to be created.
        reason: the cloud's own words for the state.
        since: when it came into this state; None if that is not known.
    """

    name: str
    kind: AlarmKind
    cloud: str
    mover: str
    state: AlarmState
    reason: str = ""
    since: datetime | None = None


@dataclass(frozen=True, slots=True)
class Subscriber:
    """An address that alarms are sent to.

    Attributes:
        address: in a form that may be shown.
        state: `waits` until its recipient has confirmed it.
    """

    address: str
    cloud: str
    state: Literal["confirmed", "waits", "missing"]


@dataclass(frozen=True, slots=True)
class Watch:
    """The alarms of a twin on one cloud, and who gets them.

    Attributes:
        alarms: in the order of the layout.
        subscribers: in the order of `notify`.
    """

    alarms: Sequence[Alarm]
    subscribers: Sequence[Subscriber]


@dataclass(frozen=True, slots=True)
class WatchSize:
    """Billed parts of watching: alarms, and metrics that exist for them alone."""

    alarms: int
    metrics: int


def watch_size(layout: Layout, cloud: str) -> WatchSize:
    """Return the maximum for a twin of this layout on a cloud that offers alarms."""
    functions, letters = layout.scheduled_on(cloud), int(layout.has_letters_on(cloud))
    alarms = sum(len(kinds_of(one)) for one in functions) + (1 if functions else 0)
    metrics = sum(1 if one == EXPIRER else len(MEASURES_OF_RUNS) for one in functions)
    return WatchSize(alarms + letters, metrics + letters)


def kinds_of(function: str) -> tuple[AlarmKind, ...]:
    """Return the kinds of alarms that a scheduled function has."""
    return OF_EXPIRER if function == EXPIRER else OF_MOVERS


class Alarms(Protocol):
    """The alarms of one cloud, named by `parts` of its `Provider`."""

    def watch(self, twin: Twin, cloud: Cloud) -> Watch:
        """Read the twin's alarms and subscribers. Raises: PermissionMissingError, ProvisioningError."""

    def notes(self, twin: Twin) -> tuple[str, ...]:
        """Return what of this twin cannot be watched on this cloud, in sentences. No I/O."""


def alarms_of(cloud: str) -> Alarms | None:
    """Return a cloud's alarms; None where l3kit does not offer them yet."""
    return cast("Alarms", part(cloud, "alarms")) if "alarms" in provider(cloud).parts else None
