"""The result of a load: the outcome of the rows of each file, or the items of a table."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from l3kit.errors import CheckFailedError
from l3kit.notebook.answer import CheckedAnswer
from l3kit.notebook.tables import Displayable, Sheet, table
from l3kit.operate.load.rows import BadRow
from l3kit.tiering.counts import count_of

if TYPE_CHECKING:
    import pandas as pd

MAX_NAMED = 20
"""Maximum bad rows of a file named in a result; the bad-rows file has all."""
MAX_NAMED_DRY = 10_000
"""Maximum for a dry run, which writes no file."""
SHOWN_ITEMS = 3
"""Number of items that a dry run shows."""
COUNTS = ("created", "same", "replaced", "bad")


@dataclass(slots=True)
class FileLoad:
    """Outcome of the rows of one file, or of the items of a table.

    Attributes:
        created, same, replaced: in the hot tier: new, existing with equal content, replacing another version.
        bad: in the bad-rows file.
        problems: bad rows by problem.
        first: line (or row of Parquet, or key of an item), problem and cause of the first bad rows.
        bad_path, replaced_path: files next to it; empty if there are none.
        resumed: rows done by an interrupted load.
        notes: what was detected and not given.
        items: the first items of a dry run.
        expected: approximate number of items in a table; None if unknown.
    """

    name: str
    created: int = 0
    same: int = 0
    replaced: int = 0
    bad: int = 0
    problems: Counter[str] = field(default_factory=Counter)
    first: list[tuple[int | str, str, str]] = field(default_factory=list)
    bad_path: str = ""
    replaced_path: str = ""
    resumed: int = 0
    notes: tuple[str, ...] = ()
    items: list[str] = field(default_factory=list)
    most_named: int = MAX_NAMED
    expected: int | None = None

    @property
    def rows(self) -> int:
        return self.created + self.same + self.replaced + self.bad

    def add_bad(self, row: BadRow) -> None:
        """Count a bad row, and name it if it is one of the first."""
        self.bad += 1
        self.problems[row.problem] += 1
        if len(self.first) < self.most_named:
            self.first.append((row.key or row.number, row.problem, row.cause))


@dataclass(frozen=True, slots=True, repr=False)
class LoadReport(Displayable, CheckedAnswer):
    """The result of `load`.

    Attributes:
        devices_added: to the twin's list; in a dry run, those that would be.
        dry_run: whether nothing was written; `created` then counts the good rows.
        notes: what to do next, and what was omitted.
        of_table: whether the only input is a table.
    """

    files: tuple[FileLoad, ...]
    devices_added: tuple[str, ...] = ()
    dry_run: bool = False
    notes: tuple[str, ...] = ()
    of_table: bool = False

    def total(self, count: str) -> int:
        """Return the rows of all files: `created`, `same`, `replaced`, `bad` or `rows`."""
        return sum(getattr(one, count) for one in self.files)

    def to_frame(self) -> pd.DataFrame:
        """Return one row per file with its counts."""
        import pandas as pd

        columns = ["table" if self.of_table else "file", "rows", *COUNTS, "bad rows in"]
        rows = [
            [one.name, one.rows, *(getattr(one, count) for count in COUNTS), one.bad_path or "-"] for one in self.files
        ]
        return pd.DataFrame(rows, columns=columns)

    def bad_frame(self) -> pd.DataFrame:
        """Return the first bad rows of each file, with their lines."""
        import pandas as pd

        rows = [[f"{one.name}:{number}", *cells] for one in self.files for number, *cells in one.first]
        return pd.DataFrame(rows, columns=["row", "problem", "cause"])

    def sheet(self) -> Sheet:
        """Return the counts, the first items of a dry run, and the first bad rows."""
        tables = [table(self.to_frame())]
        if self.total("bad"):
            tables.append(table(self.bad_frame(), title=self._bad_title()))
        return Sheet(self.summary(), tuple(tables), (*self._items(), *self._file_notes(), *self.notes))

    def summary(self) -> str:
        of = self._of()
        if self.dry_run:
            parts = [f"{self.total('created'):,} would be written", f"{self.total('bad'):,} bad"]
            return f"a dry run: {of}: {', '.join(parts)}"
        words = {"created": "new in the hot tier", "same": "there already", "replaced": "replaced", "bad": "bad"}
        shown = [
            f"{count:,} {word}" for name, word in words.items() if (count := self.total(name)) or name == "created"
        ]
        return f"{of}: {', '.join(shown)}"

    def _of(self) -> str:
        if not self.of_table:
            return f"{count_of(self.total('rows'), 'row')} of {count_of(len(self.files), 'file')}"
        (one,) = self.files
        count = f"{count_of(one.rows, 'item')} of {one.name}"
        if not self.dry_run:
            return count
        return f"{count}" if one.expected is None else f"{count}, which has about {one.expected:,}"

    def to_json(self) -> dict[str, Any]:
        files = [
            {
                "file": one.name,
                "rows": one.rows,
                "expected": one.expected,
                **{count: getattr(one, count) for count in COUNTS},
                "resumed": one.resumed,
                "problems": dict(one.problems),
                "bad_rows": one.bad_path,
                "replaced_items": one.replaced_path,
                "first_bad": [dict(zip(("row", "problem", "cause"), row, strict=True)) for row in one.first],
                "first_items": one.items,
                "notes": list(one.notes),
            }
            for one in self.files
        ]
        return {
            "summary": self.summary(),
            "dry_run": self.dry_run,
            "files": files,
            "devices_added": list(self.devices_added),
            "notes": list(self.notes),
        }

    def raise_if_failed(self) -> None:
        if not self.total("bad"):
            return
        paths = ", ".join(one.bad_path for one in self.files if one.bad_path) or "what was given"
        reasons = [
            f"{one.name}:{number}: {problem}: {cause}" for one in self.files for number, problem, cause in one.first
        ]
        remedy = f"Correct these rows in {paths} and load that"
        raise CheckFailedError("load", "; ".join([self.summary(), *reasons[:3]]), remedy)

    def _bad_title(self) -> str:
        shown = sum(len(one.first) for one in self.files)
        all_of = self.total("bad")
        return "Bad rows" if shown == all_of else f"The first {shown:,} of {all_of:,} bad rows"

    def _items(self) -> Iterator[str]:
        for one in self.files:
            yield from (f"{one.name}: {item}" for item in one.items)

    def _file_notes(self) -> Iterator[str]:
        for one in self.files:
            yield from (f"{one.name}: {note}" for note in one.notes)
            if one.replaced_path:
                yield f"{one.name}: what was replaced is in {one.replaced_path}"
