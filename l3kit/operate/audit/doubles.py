"""Detection of item versions of one device that are in two objects, in bounded memory. No I/O.

Two objects can share an item only if the ranges in their keys overlap, which late items make legal. So only such
objects are compared, and an object's items are held only while objects follow that may overlap it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from l3kit.operate.audit.faults import Finding
from l3kit.tiering.counts import count_of
from l3kit.tiering.format.chunks import ChunkKey
from l3kit.tiering.format.item_times import MINUTE, moment_or_none

MAX_HELD = 1_000_000
"""Maximum items whose marks are held, about 100 MB."""
_FIRST, _LAST = float("-inf"), float("inf")


@dataclass(frozen=True, slots=True)
class Span:
    """The range of a chunk in minutes, within which ids as text may sort differently than by time."""

    low: float
    high: float


def span_of(key: ChunkKey) -> Span:
    """A chunk's span; it is unbounded if an end is not a time."""
    low, high = moment_or_none(key.start), moment_or_none(key.end)
    if low is None or high is None:
        return Span(_FIRST, _LAST)
    return Span(low // MINUTE, high // MINUTE)


def overlapping(spans: Sequence[Span]) -> list[bool]:
    """Return for each of the spans, sorted by `low`, whether it overlaps another."""
    found: list[bool] = []
    reached = _FIRST
    for index, span in enumerate(spans):
        follows = index + 1 < len(spans) and spans[index + 1].low <= span.high
        found.append(follows or (index > 0 and reached >= span.low))
        reached = max(reached, span.high)
    return found


@dataclass(frozen=True, slots=True)
class _Held:
    key: str
    span: Span
    sha256: str | None
    marks: frozenset[bytes]


@dataclass(slots=True)
class Doubles:
    """Compares the objects of one device, given by the `low` of their spans.

    Attributes:
        left_out: objects dropped for lack of memory although others may overlap them.
    """

    max_held: int = MAX_HELD
    left_out: int = 0
    _held: list[_Held] = field(default_factory=list)

    def add(self, key: str, span: Span, sha256: str | None, marks: Mapping[bytes, str]) -> Iterator[Finding]:
        """Hold an object, and return the earlier objects that have one of its items as well.

        Args:
            sha256: digest of its content; equal digests show doubles if the content was not read.
            marks: marks of its items: their ids by the digest of their version.
        """
        self._held = [one for one in self._held if one.span.high >= span.low]
        for other in self._held:
            if other.key == key:  # the same object in the other tier
                continue
            both = sorted(marks[mark] for mark in other.marks.intersection(marks))
            if both:
                held = count_of(len(both), "item")
                yield Finding("double", f"it holds {held} that {other.key} holds as well, the first {both[0]}")
            elif sha256 is not None and sha256 == other.sha256:
                yield Finding("double", f"its content is that of {other.key}, by their digests")
        self._held.append(_Held(key, span, sha256, frozenset(marks)))
        self._drop()

    def _drop(self) -> None:
        while len(self._held) > 1 and sum(len(one.marks) for one in self._held) > self.max_held:
            first = min(self._held[:-1], key=lambda one: one.span.high)
            self._held.remove(first)
            self.left_out += 1
