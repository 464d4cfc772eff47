"""Answers of an erase: the plan before it, and what it did."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from l3kit.notebook.answer import Answer
from l3kit.notebook.tables import Displayable, Sheet, table
from l3kit.operate.erase.pieces import Tally
from l3kit.tiering.counts import count_of

if TYPE_CHECKING:
    import pandas as pd

COLUMNS = ("where", "what", "pieces", "items", "bytes")
REPORTS_STAY = "Of reports only the device's name, keys and notes go: their figures stay, so that sums still hold"
CONFIG_STAYS = "The device's entry in config_iot_devices.json stays: remove it there if the device is not to return"


@dataclass(frozen=True, slots=True)
class Unreached:
    """Something that may still name the device or have data of it after an erase.

    Attributes:
        until: when it disappears by itself; None if that is not known, or it never does.
        remedy: how to end it earlier, or where to look.
    """

    what: str
    until: datetime | None = None
    remedy: str = ""

    def to_json(self) -> dict[str, Any]:
        return {**asdict(self), "until": _text(self.until)}

    @classmethod
    def of_json(cls, row: dict[str, Any]) -> Unreached:
        """The inverse of `to_json`. Raises: TypeError, ValueError for anything else."""
        until = row.get("until")
        return cls(**{**row, "until": None if until is None else datetime.fromisoformat(until)})


@dataclass(frozen=True, slots=True, repr=False)
class ErasePlan(Displayable, Answer):
    """Everything that `erase` would erase of a device, and everything that it would not reach.

    Attributes:
        look_again: the moment until which a run of a mover that is under way may put something back.
    """

    twin: str
    device: str
    tally: Tally
    unreached: tuple[Unreached, ...] = ()
    look_again: datetime | None = None
    notes: tuple[str, ...] = ()

    def to_frame(self) -> pd.DataFrame:
        """Return one row for each place and kind, with the columns `COLUMNS`."""
        return _frame(self.tally)

    def sheet(self) -> Sheet:
        """Return what would be erased, and what is not reached."""
        notes = (*_waits(self.look_again), *self.notes, *_of_reports(self.tally), CONFIG_STAYS)
        return Sheet(self.summary(), _tables(self.tally, self.unreached), notes)

    def summary(self) -> str:
        return f"{self.twin}: erasing device {self.device} would delete {amounts_in_words(self.tally)}"

    def to_json(self) -> dict[str, Any]:
        return {
            "summary": self.summary(),
            "device": self.device,
            "erased": list(self.tally.rows()),
            "unreached": [one.to_json() for one in self.unreached],
            "look_again": _text(self.look_again),
            "notes": list(self.notes),
        }


@dataclass(frozen=True, slots=True, repr=False)
class EraseReport(Displayable, Answer):
    """Result of an `erase`.

    Attributes:
        tally: what was erased, including by earlier, interrupted calls.
        record: key of the record in the archive tier; empty while it is not closed.
        look_again: the time from which a repeated erase can finish; None if this one has finished.
        before: when the device had already been erased, if nothing was left.
    """

    twin: str
    device: str
    tally: Tally
    record: str = ""
    unreached: tuple[Unreached, ...] = ()
    look_again: datetime | None = None
    before: datetime | None = None
    notes: tuple[str, ...] = ()

    @property
    def complete(self) -> bool:
        """True if nothing of the device is left that an erase reaches."""
        return self.look_again is None

    def to_frame(self) -> pd.DataFrame:
        """Return one row for each place and kind, with the columns `COLUMNS`."""
        return _frame(self.tally)

    def sheet(self) -> Sheet:
        """Return what was erased, and what was not reached."""
        return Sheet(
            self.summary(), _tables(self.tally, self.unreached), (*self.notes, *_of_reports(self.tally), CONFIG_STAYS)
        )

    def summary(self) -> str:
        device = f"{self.twin}: device {self.device}"
        if self.before is not None:
            return f"{device} was erased already on {_text(self.before)}; nothing of it is left"
        if self.look_again is not None:
            again = f"erase it again from {_text(self.look_again)} on: a run that was under way may put a chunk back"
            return f"{device} is erased but for a last look: {amounts_in_words(self.tally)}; it stays paused; {again}"
        if not self.record:
            return f"{device} has no data; nothing was erased"
        return f"{device} is erased: {amounts_in_words(self.tally)}; recorded in {self.record}"

    def to_json(self) -> dict[str, Any]:
        return {
            "summary": self.summary(),
            "device": self.device,
            "complete": self.complete,
            "erased": list(self.tally.rows()),
            "record": self.record,
            "unreached": [one.to_json() for one in self.unreached],
            "look_again": _text(self.look_again),
            "erased_before": _text(self.before),
            "notes": list(self.notes),
        }


def amounts_in_words(tally: Tally) -> str:
    """Name the amounts, such as `7 items (hot, 812 bytes), 1 chunk (cold, 60 bytes)`."""
    parts = [
        f"{count_of(amount.pieces, kind, f'{kind}s') if kind != 'items' else count_of(amount.items, 'item')}"
        f" ({place}, {count_of(amount.bytes, 'byte')})"
        for (place, kind), amount in tally.amounts.items()
    ]
    return ", ".join(parts) or "nothing"


def _frame(tally: Tally) -> pd.DataFrame:
    import pandas as pd

    return pd.DataFrame([[row[name] for name in COLUMNS] for row in tally.rows()], columns=list(COLUMNS))


def _tables(tally: Tally, unreached: tuple[Unreached, ...]) -> tuple[Any, ...]:
    import pandas as pd

    rows = [[one.what, _text(one.until) or "not known", one.remedy] for one in unreached]
    left = pd.DataFrame(rows, columns=["what", "until", "remedy"])
    shown = (table(_frame(tally)),) if tally else ()
    return (*shown, *((table(left, title="What erase does not reach"),) if rows else ()))


def _of_reports(tally: Tally) -> tuple[str, ...]:
    return (REPORTS_STAY,) if any(kind == "report" for _, kind in tally.amounts) else ()


def _waits(look_again: datetime | None) -> tuple[str, ...]:
    note = f"A run of a mover or the expirer may be under way: erase waits, until {_text(look_again)} at the latest"
    return (note,) if look_again else ()


def _text(moment: datetime | None) -> str | None:
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ") if moment else None
