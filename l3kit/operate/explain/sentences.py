"""Sentences on one device's data in all tiers: figures in, sentences out.

Those on a chunk under way follow the table in docs/reference/journal.md.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from itertools import pairwise
from typing import TYPE_CHECKING

from l3kit.operate.explain.erased import erased_clause, erased_sentences
from l3kit.operate.explain.figures import DeviceFigures, cutoff, parsed
from l3kit.operate.explain.summary import TierSummary, sized
from l3kit.tiering.counts import count_of
from l3kit.tiering.format.chunks import parse_object_key
from l3kit.tiering.format.item_times import movable_moment, why_unmovable
from l3kit.tiering.journal_record import NEVER
from l3kit.tiering.movers.report import iso

if TYPE_CHECKING:
    from l3kit.tiering.journal_record import DeviceRecord, Entry
    from l3kit.twin.schedules import Schedule

GAP_FACTOR = 5
"""Time without items between two tiers is reported if it exceeds this many times the usual interval between items."""


def summary_of(figures: DeviceFigures) -> str:
    """Everything in one sentence."""
    counts = [f"{t.cells()[2]} items {t.tier}" if t.store else f"{t.tier} not reached" for t in figures.tiers]
    entry = figures.facts.record.entry if figures.facts.record else None
    state = f"a chunk is {entry.state}" if entry else "nothing is under way"
    state = state if figures.facts.record else "the journal is not reached"
    what = f"{figures.facts.device_id} of {figures.facts.twin} at {iso(figures.facts.now)}"
    return f"{what}: {', '.join(counts)}; {state}{erased_clause(figures.facts.erased)}"


def sections_of(figures: DeviceFigures) -> dict[str, list[str]]:
    """Sentences by heading; empty headings are omitted."""
    found = {
        "Erased": list(erased_sentences(figures)),
        "Between the tiers": [*_counting(figures), *_order(figures), *_gaps(figures)],
        "Under way": list(_under_way(figures)),
        "What happens next": [
            *_runs(figures),
            *_next_items(figures),
            *_next_chunk(figures),
            *_next_to_expire(figures),
            *filter(None, [figures.facts.held]),
        ],
        "Since the first move": [*_moved(figures), *_expired(figures)],
    }
    return {heading: sentences for heading, sentences in found.items() if sentences}


def _counting(figures: DeviceFigures) -> Iterator[str]:
    f = figures.facts
    if not f.configured:
        yield "The device is no longer in the twin's config: what is hot stays, what is cold is archived in time."
    if f.hot and not f.hot.complete:
        yield f"The hot items were counted up to {sized(f.hot.bytes)}, oldest first: each is read to be counted."
    if figures.in_two_tiers:
        where = "stored in the lower tier, not deleted from the upper one yet; a later run does that"
        yield f"Counted in two tiers: {count_of(figures.in_two_tiers, 'item')}, {where}."
    if seals := sum(chunk.sealed for chunk in f.cold or ()):
        yield f"In the cold tier besides: {count_of(seals, 'empty seal')} of interrupted runs, removed when old."


def _order(figures: DeviceFigures) -> Iterator[str]:
    if figures.late:
        yield (
            f"Late: {count_of(figures.late, 'hot item')} not newer than what has been moved, which goes up to "
            f"{figures.moved_until}; they came late or were rewritten, and become chunks of their own when due."
        )
    archived = {str(chunk.key) for chunk in figures.facts.archive or ()}
    starts = [c.key.start for c in figures.facts.cold or () if not c.sealed and str(c.key) not in archived]
    if starts and min(starts) <= (end := figures.tiers[2].last):
        yield f"Cold begins at {min(starts)}, before the archive ends, {end}: late items went after newer ones."


def _gaps(figures: DeviceFigures) -> Iterator[str]:
    held = [tier for tier in reversed(figures.tiers) if tier.first]
    for older, newer in pairwise(held) if all(tier.store for tier in figures.tiers) else ():
        start, end = parsed(older.last), parsed(newer.first)
        usual = min((pause for tier in (older, newer) if (pause := _usual_pause(tier))), default=None)
        if start and end and usual and end - start > GAP_FACTOR * usual:
            yield (
                f"No tier holds anything between {older.last} ({older.tier}) and {newer.first} ({newer.tier}), "
                f"{_span(end - start)}; usually an item comes every {_span(usual)}."
            )


def _under_way(figures: DeviceFigures) -> Iterator[str]:
    record = figures.facts.record
    if record is None:
        yield f"The journal is on {figures.facts.places[0].cloud} with the hot tier, which this session does not reach."
        return
    if entry := record.entry:
        yield (
            f"Chunk {entry.key.number} is {entry.state}: {entry.key}, {count_of(entry.count, 'item')}, "
            f"{sized(entry.size)}, SHA-256 {entry.sha256[:12]}..."
        )
        yield _later_run(figures, entry)
    else:
        yield "No chunk is under way."
    yield _lease(record, figures.facts.now)


def _later_run(figures: DeviceFigures, entry: Entry) -> str:
    """Return the matching row of the table 'What a later run finds' in docs/reference/journal.md."""
    if not figures.facts.configured:
        return "No run takes it up while the device is not in the twin's config."
    check, object_state = figures.facts.entry, figures.object_state(entry)
    same, rewritten = (check.same, check.rewritten) if check else (0, 0)
    if object_state == "there":
        state = "Only its deletes remain" if entry.state == "stored" else "Its object exists, with this digest"
        stays = f"; rewritten since, so staying: {count_of(rewritten, 'item')}" if rewritten else ""
        return f"{state}: a later run deletes what is hot as it was stored, {count_of(same, 'item')}{stays}."
    if object_state == "other":
        return "Its key holds other content: a later run gives it up and moves the items under the next number."
    if same == entry.count:
        return "Its items are all as noted: a later run rebuilds it, stores it under the same key, then deletes them."
    unless = ", unless its object is there: then only deletes remain" if object_state == "unseen" else ""
    return (
        f"Rewritten or gone: {count_of(entry.count - same, 'item')} of it. A later run seals the key with an empty "
        f"chunk and moves the items that are hot under the next number{unless}."
    )


def _runs(figures: DeviceFigures) -> Iterator[str]:
    if figures.facts.stopped:
        yield figures.facts.stopped
    hot, cold = figures.facts.schedules
    if hot == cold:
        yield f"Both movers {_schedule(hot, ('are', 'have', 'run'))}."
    else:
        yield f"The hot-to-cold mover {_schedule(hot)}. The cold-to-archive mover {_schedule(cold)}."


def _next_items(figures: DeviceFigures) -> Iterator[str]:
    f, run = figures.facts, figures.facts.schedules[0].next_run
    if f.hot is None or not f.configured:
        return
    now, before = figures.due(f.now), iso(f.now - timedelta(days=f.hot_days))
    then = f", {figures.due(run):,} at the next run" if run else ""
    more = " at least" if not f.hot.complete and figures.due(run or f.now) == len(figures.waiting) else ""
    yield f"Hot items older than {count_of(f.hot_days, 'day')}, now {before}, are due:{more} {now:,} now{then}."
    later = [(at, key) for key in figures.waiting if (at := movable_moment(key) or 0) >= cutoff(f, f.now)]
    if later and (moment := _later(parsed(min(later)[1]), f.hot_days)):
        yield f"The oldest that is not due yet, {min(later)[1]}, becomes due at {iso(moment)}."
    if figures.unmovable:
        first = figures.unmovable[0]
        unmovable = count_of(len(figures.unmovable), "item")
        yield f"Never moved: {unmovable}. Of the first, {first!r}: {why_unmovable(first)}."


def _next_chunk(figures: DeviceFigures) -> Iterator[str]:
    f, run = figures.facts, figures.facts.schedules[1].next_run
    if f.cold is None:
        yield f"What goes to the archive next is not seen from here: the cold tier is on {f.places[1].cloud}."
    elif figures.dated_chunks:
        end, chunk = figures.dated_chunks[0]
        now, moment = figures.due_chunks(f.now), _later(end, f.cold_days)
        then = f", {figures.due_chunks(run):,} at the next run" if run else ""
        when = f", due {'since' if now else 'at'} {iso(moment)}" if moment else ""
        yield f"Cold chunks that end over {count_of(f.cold_days, 'day')} ago go to the archive: {now:,} now{then}."
        yield f"The first to go is {chunk.key}{when}."


def _next_to_expire(figures: DeviceFigures) -> Iterator[str]:
    f = figures.facts
    if f.archive_days is None or f.archive is None:
        return
    days, run = count_of(f.archive_days, "day"), f.expirer.next_run
    then = f", {figures.expiring(run):,} at the next run" if run else ""
    yield f"Archived chunks that end over {days} ago are deleted: {figures.expiring(f.now):,} now{then}."
    yield f"The archive expirer {_schedule(f.expirer)}."


def _expired(figures: DeviceFigures) -> Iterator[str]:
    expired = figures.facts.expired
    if expired.chunks:
        ends = [key.end for chunk in expired.chunks if (key := parse_object_key(chunk))]
        chunks = count_of(len(expired.chunks), "chunk")
        yield (
            f"Expired and deleted from the archive: {chunks} with {count_of(expired.items, 'item')}, "
            f"up to {max(ends)}; the last run that deleted some took what was older than {expired.before}."
        )


def _moved(figures: DeviceFigures) -> Iterator[str]:
    if (record := figures.facts.record) and record.moved_chunks:
        yield (
            f"Moved below the hot tier: {count_of(record.moved_items, 'item')}, "
            f"{sized(record.moved_bytes)} of JSON, "
            f"in {count_of(record.moved_chunks, 'chunk')}; the last is {record.last_key}."
        )


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
        return f"The device is free; {since}."
    if record.lease_until > now:
        left = (record.lease_until - now).total_seconds()
        return f"Run {record.owner} holds the device until {until}, {left:,.0f} s from now; others leave it until then."
    return f"Run {record.owner} let its lease run out at {until}: since then any run may take the device over."


def _schedule(schedule: Schedule, verbs: tuple[str, str, str] = ("is", "has", "runs")) -> str:
    """Describe the schedule as a predicate."""
    expression, at = schedule.text, schedule.next_run
    if schedule.state == "unreached":
        return f"{verbs[0]} scheduled on a cloud that this session does not reach"
    if schedule.state == "missing":
        return f"{verbs[1]} no schedule, so nothing runs by itself until deploy_l3 has made one"
    if schedule.state == "off":
        return f"{verbs[1]} a schedule, {expression}, that is switched off: nothing runs by itself"
    when = f"next at {iso(at)}, by {expression}" if at else f"by {expression}"
    return f"{verbs[2]} {when}" + ("; in a sandbox, when fired by hand" if schedule.state == "fired" else "")
