"""Figures of one device's data in all tiers: contents of the tiers, due items, and the state of the chunk under way."""

from __future__ import annotations

from bisect import bisect_right
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cached_property
from typing import TYPE_CHECKING

from l3kit.operate.explain.summary import TierSummary, chunk_summary, hot_summary
from l3kit.tiering.format.expiry import is_due
from l3kit.tiering.format.item_times import moment_of, movable_moment
from l3kit.tiering.format.time_ranges import due

if TYPE_CHECKING:
    from l3kit.operate.explain.facts import DeviceFacts, StoredChunk
    from l3kit.tiering.journal_record import Entry


@dataclass(frozen=True, repr=False)
class DeviceFigures:
    """Figures derived from the facts about one device; no I/O, no clock."""

    facts: DeviceFacts

    @cached_property
    def tiers(self) -> tuple[TierSummary, TierSummary, TierSummary]:
        """Summaries of hot, cold and archive."""
        f = self.facts
        hot, cold, archive = f.places
        return hot_summary(hot, f.hot), chunk_summary(cold, f.cold), chunk_summary(archive, f.archive)

    @cached_property
    def waiting(self) -> list[str]:
        """Sort keys in the hot tier outside the chunk under way, ascending."""
        entry = self.facts.record.entry if self.facts.record else None
        under_way = frozenset(entry.sort_keys()) if entry else frozenset()
        return [key for key in self.facts.hot.sort_keys if key not in under_way] if self.facts.hot else []

    @property
    def late(self) -> int:
        """Items still in the hot tier although newer ones have been moved."""
        return bisect_right([key for key in self.waiting if movable_moment(key) is not None], self.moved_until)

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
        chosen = due(waiting, cutoff(self.facts, moment))
        return len(waiting if chosen is None else chosen)

    def due_chunks(self, moment: datetime) -> int:
        """Cold chunks that a cold-to-archive run for this moment would move."""
        return sum(end < moment - timedelta(days=self.facts.cold_days) for end, _ in self.dated_chunks)

    def expiring(self, moment: datetime) -> int:
        """Archived chunks that a run of the expirer for this moment would delete."""
        before = moment - timedelta(days=self.facts.archive_days or 0)
        return sum(is_due(str(chunk.key), moment_of(before)) for chunk in self.facts.archive or ())

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

    @cached_property
    def moved_until(self) -> str:
        """The greatest sort key in the cold and archive tiers."""
        return max(tier.last for tier in self.tiers[1:])

    @cached_property
    def dated_chunks(self) -> list[tuple[datetime, StoredChunk]]:
        """Cold chunks with the time of their last item, oldest first; seals and odd timestamps are omitted."""
        dated = [(parsed(chunk.key.end), chunk) for chunk in self.facts.cold or () if not chunk.sealed]
        found = [(end, chunk) for end, chunk in dated if end is not None]
        return sorted(found, key=lambda pair: (pair[0], str(pair[1].key)))


def cutoff(facts: DeviceFacts, moment: datetime) -> int:
    """The time before which items are due for a hot-to-cold run at this moment."""
    return moment_of(moment - timedelta(days=facts.hot_days))


def parsed(timestamp: str) -> datetime | None:
    """Parse a sort key as a time, UTC if it names no zone; None if it is not an ISO 8601 time."""
    try:
        moment = datetime.fromisoformat(timestamp)
    except ValueError:
        return None
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)
