"""One device's data in all tiers as a readable page: facts in, sentences out; no I/O, no clock.

Its sentences on a chunk under way follow the table in docs/journal.md.
"""

from __future__ import annotations

import textwrap
from bisect import bisect_right
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from datetime import UTC, datetime, timedelta
from functools import cached_property
from html import escape
from itertools import pairwise
from typing import TYPE_CHECKING, Any

from l3kit.notebook.answer import Answer
from l3kit.notebook.tables import Table, visible
from l3kit.operate.explain.gaps import gaps_of
from l3kit.operate.explain.summary import COLUMNS, TierSummary, chunk_summary, hot_summary, sized, summaries_frame
from l3kit.tiering.counts import count_of
from l3kit.tiering.format.item_times import moment_of, movable_moment, why_unmovable
from l3kit.tiering.format.time_ranges import due
from l3kit.tiering.journal_record import NEVER
from l3kit.tiering.movers.report import iso

if TYPE_CHECKING:
    import pandas as pd

    from l3kit.notebook.gaps import Gap
    from l3kit.operate.explain.facts import DeviceFacts, StoredChunk
    from l3kit.tiering.journal_record import DeviceRecord, Entry
    from l3kit.twin.schedules import Schedule

WIDTH = 118
_WRAP: Any = {"width": WIDTH, "break_long_words": False, "break_on_hyphens": False}
GAP_FACTOR = 5
"""A pause between two tiers is told where it is longer than so many times the usual time between two items."""


@dataclass(frozen=True, repr=False)
class DevicePage(Answer):
    """The state of one device: its items in each tier, the chunk under way, and what happens next."""

    facts: DeviceFacts

    @cached_property
    def tiers(self) -> tuple[TierSummary, TierSummary, TierSummary]:
        """Summaries of hot, cold and archive."""
        f = self.facts
        hot, cold, archive = f.places
        return hot_summary(hot, f.hot), chunk_summary(cold, f.cold), chunk_summary(archive, f.archive)

    @cached_property
    def gaps(self) -> tuple[Gap, ...]:
        """Gaps of the page."""
        return gaps_of(self.facts)

    @property
    def complete(self) -> bool:
        """Whether every tier was reached and everything in it was read."""
        return not self.gaps

    @cached_property
    def waiting(self) -> list[str]:
        """Sort keys in the hot tier outside the chunk under way, ascending."""
        entry = self.facts.record.entry if self.facts.record else None
        under_way = frozenset(entry.sort_keys()) if entry else frozenset()
        return [key for key in self.facts.hot.sort_keys if key not in under_way] if self.facts.hot else []

    @property
    def late(self) -> int:
        """Items still in the hot tier although newer ones have been moved."""
        return bisect_right([key for key in self.waiting if movable_moment(key) is not None], self._moved_until)

    @cached_property
    def unmovable(self) -> list[str]:
        """Sort keys in the hot tier that are not movable times."""
        return [key for key in self.waiting if movable_moment(key) is None]

    @property
    def in_two_tiers(self) -> int:
        """Items counted in two tiers: written to the next tier and not yet deleted from this one."""
        f = self.facts
        cold, archive = ({str(chunk.key): chunk.items or 0 for chunk in found or ()} for found in (f.cold, f.archive))
        twice = sum(items for key, items in archive.items() if key in cold)
        entry = f.record.entry if f.record else None
        counted = entry and str(entry.key) in cold | archive and self.object_state(entry) == "there"
        return twice + (f.entry.same if f.entry and counted else 0)

    def due(self, moment: datetime) -> int:
        """Items that a hot-to-cold run for this moment would move in addition to the chunk under way."""
        waiting = self.waiting if self.facts.configured else []
        chosen = due(waiting, self._cutoff(moment))
        return len(waiting if chosen is None else chosen)

    def _cutoff(self, moment: datetime) -> int:
        return moment_of(moment - timedelta(days=self.facts.hot_days))

    def due_chunks(self, moment: datetime) -> int:
        """Cold chunks that a cold-to-archive run for this moment would move."""
        return sum(end < moment - timedelta(days=self.facts.cold_days) for end, _ in self._dated_chunks)

    def object_state(self, entry: Entry) -> str:
        """State of the object for the chunk under way: `there`, `absent`, `other` (different content) or `unseen`."""
        chunks = (*(self.facts.cold or ()), *(self.facts.archive or ()))
        digests = [chunk.sha256 for chunk in chunks if str(chunk.key) == str(entry.key)]
        if self.facts.entry and self.facts.entry.archived:
            digests.append(self.facts.entry.archived)
        if entry.sha256 in digests or (entry.state == "stored" and self.facts.cold is None):
            return "there"
        if digests:
            return "other" if all(digests) else "unseen"
        return "unseen" if self.facts.cold is None else "absent"

    def summary(self) -> str:
        counts = [f"{t.cells()[2]} items {t.tier}" if t.store else f"{t.tier} not reached" for t in self.tiers]
        entry = self.facts.record.entry if self.facts.record else None
        state = f"a chunk is {entry.state}" if entry else "nothing is under way"
        state = state if self.facts.record else "the journal is not reached"
        return f"{self.facts.device_id} of {self.facts.twin} at {iso(self.facts.now)}: {', '.join(counts)}; {state}"

    def sections(self) -> dict[str, list[str]]:
        """Sentences below the table, by heading; empty headings are omitted."""
        found = {
            "Between the tiers": [*self._counting(), *self._order(), *self._gaps()],
            "Under way": list(self._under_way()),
            "What happens next": [*self._runs(), *self._next_items(), *self._next_chunk()],
            "Since the first move": list(self._moved()),
            "Left out": [gap.summary() for gap in self.gaps],
        }
        return {heading: sentences for heading, sentences in found.items() if sentences}

    def __str__(self) -> str:
        lines = [*textwrap.wrap(self.summary(), **_WRAP), "", str(self._table())]
        for heading, sentences in self.sections().items():
            lines += ["", heading]
            for text in sentences:
                lines += textwrap.wrap(text, initial_indent="  ", subsequent_indent="    ", **_WRAP)
        return "\n".join(lines)

    __repr__ = __str__

    def _repr_html_(self) -> str:
        parts = [
            f"<h4>{heading}</h4>" + "".join(f"<p>{escape(text)}</p>" for text in sentences)
            for heading, sentences in self.sections().items()
        ]
        return f"<p><b>{escape(self.summary())}</b></p>{self._table()._repr_html_()}{''.join(parts)}"

    def _table(self) -> Table:
        rows = tuple(tuple(map(visible, tier.cells())) for tier in self.tiers)
        return Table(COLUMNS, rows, frozenset(("items", "objects", "bytes")))

    def to_frame(self) -> pd.DataFrame:
        """One row per tier, columns as in `COLUMNS`; what is not known of a tier that was not reached is empty."""
        return summaries_frame(self.tiers)

    def to_json(self) -> dict[str, Any]:
        """JSON values: the table, the journal record without its lists, what is due, and the page's sentences."""
        f, record = self.facts, self.facts.record
        hot_run, cold_run = (schedule.next_run for schedule in f.schedules)
        entry = record.entry if record else None
        return {
            "summary": self.summary(),
            "device": f.device_id,
            "twin": f.twin,
            "now": iso(f.now),
            "configured": f.configured,
            "complete": self.complete,
            "gaps": [asdict(gap) for gap in self.gaps],
            "tiers": [asdict(tier) | {"reached": bool(tier.store)} for tier in self.tiers],
            "items_in_two_tiers": self.in_two_tiers,
            "late_items": self.late,
            "under_way": {"state": entry.state, "key": str(entry.key), "items": entry.count, "bytes": entry.size}
            | {"sha256": entry.sha256, "found": self.object_state(entry)}
            if entry
            else None,
            "lease": {"owner": record.owner, "until": iso(record.lease_until)} if record else None,
            "next_runs": {"hot": hot_run and iso(hot_run), "cold": cold_run and iso(cold_run)},
            "due_items": {"now": self.due(f.now), "next_run": self.due(hot_run) if hot_run else None},
            "due_chunks": {"now": self.due_chunks(f.now), "next_run": self.due_chunks(cold_run) if cold_run else None},
            "moved": {"chunks": record.moved_chunks, "items": record.moved_items, "bytes": record.moved_bytes}
            if record
            else None,
            "page": self.sections(),
        }

    @cached_property
    def _moved_until(self) -> str:
        """Return the greatest sort key in the cold and archive tiers."""
        return max(tier.last for tier in self.tiers[1:])

    @cached_property
    def _dated_chunks(self) -> list[tuple[datetime, StoredChunk]]:
        """Return cold chunks with the time of their last item, oldest first; seals and odd timestamps are omitted."""
        dated = [(parsed(chunk.key.end), chunk) for chunk in self.facts.cold or () if not chunk.sealed]
        found = [(end, chunk) for end, chunk in dated if end is not None]
        return sorted(found, key=lambda pair: (pair[0], str(pair[1].key)))

    def _counting(self) -> Iterator[str]:
        f = self.facts
        if not f.configured:
            yield "The device is no longer in the twin's config: what is hot stays, what is cold is archived in time."
        if f.hot and not f.hot.complete:
            yield f"The hot items were counted up to {sized(f.hot.bytes)}, oldest first: each is read to be counted."
        if self.in_two_tiers:
            where = "stored in the lower tier, not deleted from the upper one yet; a later run does that"
            yield f"Counted in two tiers: {count_of(self.in_two_tiers, 'item')}, {where}."
        if seals := sum(chunk.sealed for chunk in f.cold or ()):
            yield f"In the cold tier besides: {count_of(seals, 'empty seal')} of interrupted runs, removed when old."

    def _order(self) -> Iterator[str]:
        if self.late:
            yield (
                f"Late: {count_of(self.late, 'hot item')} not newer than what has been moved, which goes up to "
                f"{self._moved_until}; they came late or were rewritten, and become chunks of their own when due."
            )
        archived = {str(chunk.key) for chunk in self.facts.archive or ()}
        starts = [c.key.start for c in self.facts.cold or () if not c.sealed and str(c.key) not in archived]
        if starts and min(starts) <= (end := self.tiers[2].last):
            yield f"Cold begins at {min(starts)}, before the archive ends, {end}: late items went after newer ones."

    def _gaps(self) -> Iterator[str]:
        held = [tier for tier in reversed(self.tiers) if tier.first]
        for older, newer in pairwise(held) if all(tier.store for tier in self.tiers) else ():
            start, end = parsed(older.last), parsed(newer.first)
            usual = min((pause for tier in (older, newer) if (pause := _usual_pause(tier))), default=None)
            if start and end and usual and end - start > GAP_FACTOR * usual:
                yield (
                    f"No tier holds anything between {older.last} ({older.tier}) and {newer.first} ({newer.tier}), "
                    f"{_span(end - start)}; usually an item comes every {_span(usual)}."
                )

    def _under_way(self) -> Iterator[str]:
        record = self.facts.record
        if record is None:
            yield f"The journal lies beside the hot tier on {self.facts.places[0].cloud}, out of this session's reach."
            return
        if entry := record.entry:
            yield (
                f"Chunk {entry.key.number} is {entry.state}: {entry.key}, {count_of(entry.count, 'item')}, "
                f"{sized(entry.size)}, SHA-256 {entry.sha256[:12]}..."
            )
            yield self._later_run(entry)
        else:
            yield "No chunk is under way."
        yield _lease(record, self.facts.now)

    def _later_run(self, entry: Entry) -> str:
        """Return the matching row of the table 'What a later run finds' in docs/journal.md."""
        if not self.facts.configured:
            return "No run takes it up while the device is not in the twin's config."
        check, object_state = self.facts.entry, self.object_state(entry)
        same, rewritten = (check.same, check.rewritten) if check else (0, 0)
        if object_state == "there":
            state = "Only its deletes remain" if entry.state == "stored" else "Its object is there, with this digest"
            stays = f"; rewritten since, so staying: {count_of(rewritten, 'item')}" if rewritten else ""
            return f"{state}: a later run deletes what is hot as it was stored, {count_of(same, 'item')}{stays}."
        if object_state == "other":
            return "Its key holds other content: a later run gives it up and moves the items under the next number."
        if same == entry.count:
            return (
                "Its items are all as noted: a later run rebuilds it, stores it under the same key, then deletes them."
            )
        unless = ", unless its object is there: then only deletes remain" if object_state == "unseen" else ""
        return (
            f"Rewritten or gone: {count_of(entry.count - same, 'item')} of it. A later run seals the key with an empty "
            f"chunk and moves the items that are hot under the next number{unless}."
        )

    def _runs(self) -> Iterator[str]:
        hot, cold = self.facts.schedules
        if hot == cold:
            yield f"Both movers {_schedule(hot, ('are', 'have', 'run'))}."
        else:
            yield f"The hot-to-cold mover {_schedule(hot)}. The cold-to-archive mover {_schedule(cold)}."

    def _next_items(self) -> Iterator[str]:
        f, run = self.facts, self.facts.schedules[0].next_run
        if f.hot is None or not f.configured:
            return
        now, cutoff = self.due(f.now), iso(f.now - timedelta(days=f.hot_days))
        then = f", {self.due(run):,} at the next run" if run else ""
        more = " at least" if not f.hot.complete and self.due(run or f.now) == len(self.waiting) else ""
        yield f"Hot items older than {count_of(f.hot_days, 'day')}, now {cutoff}, are due:{more} {now:,} now{then}."
        later = [(at, key) for key in self.waiting if (at := movable_moment(key) or 0) >= self._cutoff(f.now)]
        if later and (moment := _later(parsed(min(later)[1]), f.hot_days)):
            yield f"The oldest that is not due yet, {min(later)[1]}, becomes due at {iso(moment)}."
        if self.unmovable:
            first = self.unmovable[0]
            unmovable = count_of(len(self.unmovable), "item")
            yield f"Never moved: {unmovable}. Of the first, {first!r}: {why_unmovable(first)}."

    def _next_chunk(self) -> Iterator[str]:
        f, run = self.facts, self.facts.schedules[1].next_run
        if f.cold is None:
            yield f"What goes to the archive next is not seen from here: the cold tier is on {f.places[1].cloud}."
        elif self._dated_chunks:
            end, chunk = self._dated_chunks[0]
            now, moment = self.due_chunks(f.now), _later(end, f.cold_days)
            then = f", {self.due_chunks(run):,} at the next run" if run else ""
            when = f", due {'since' if now else 'at'} {iso(moment)}" if moment else ""
            yield f"Cold chunks that end over {count_of(f.cold_days, 'day')} ago go to the archive: {now:,} now{then}."
            yield f"The first to go is {chunk.key}{when}."

    def _moved(self) -> Iterator[str]:
        if (record := self.facts.record) and record.moved_chunks:
            yield (
                f"Moved below the hot tier: {count_of(record.moved_items, 'item')}, "
                f"{sized(record.moved_bytes)} of JSON, "
                f"in {count_of(record.moved_chunks, 'chunk')}; the last is {record.last_key}."
            )


def parsed(timestamp: str) -> datetime | None:
    """Parse a sort key as a time, UTC if it names no zone; None if it is not an ISO 8601 time."""
    try:
        moment = datetime.fromisoformat(timestamp)
    except ValueError:
        return None
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


def _usual_pause(tier: TierSummary) -> timedelta | None:
    first, last = parsed(tier.first), parsed(tier.last)
    return (last - first) / (tier.items - 1) if first and last and tier.items > 1 else None


def _span(pause: timedelta) -> str:
    seconds = pause.total_seconds()
    for unit, size in (("day", 86400), ("hour", 3600), ("minute", 60)):
        if seconds >= size:
            return f"{seconds / size:,.1f} {unit}s"
    return f"{seconds:,.1f} seconds"


def _later(moment: datetime | None, days: int) -> datetime | None:
    try:
        return moment + timedelta(days=days) if moment else None
    except OverflowError:
        return None


def _lease(record: DeviceRecord, now: datetime) -> str:
    until = iso(record.lease_until)
    if not record.version:
        return "No run has held the device yet."
    if not record.owner:
        since = "its lease was ended by hand" if record.lease_until == NEVER else f"it is free since {until}"
        return f"Nobody holds the device; {since}."
    if record.lease_until > now:
        left = (record.lease_until - now).total_seconds()
        return f"Run {record.owner} holds the device until {until}, {left:,.0f} s from now; others leave it until then."
    return f"Run {record.owner} let its lease run out at {until}: since then any run may take the device over."


def _schedule(schedule: Schedule, verbs: tuple[str, str, str] = ("is", "has", "runs")) -> str:
    """Describe the schedule as a predicate."""
    expression, at = schedule.expression, schedule.next_run
    if schedule.state == "unreached":
        return f"{verbs[0]} scheduled on a cloud that this session does not reach"
    if schedule.state == "missing":
        return f"{verbs[1]} no schedule, so nothing runs by itself until deploy_l3 has made one"
    if schedule.state == "off":
        return f"{verbs[1]} a schedule, {expression}, that is switched off: nothing runs by itself"
    when = f"next at {iso(at)}, by {expression}" if at else f"by {expression}"
    return f"{verbs[2]} {when}" + ("; in a sandbox, when fired by hand" if schedule.state == "fired" else "")
