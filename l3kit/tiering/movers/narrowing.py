"""Finding the item for which the target refuses a whole chunk, so that the other items go on. Pure; no I/O."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

MAX_REFUSED_ALONE = 100
"""Items refused by themselves, none taken in between, before a target counts as one that refuses everything."""


@dataclass(slots=True)
class Narrowing:
    """How many items a chunk may hold while one among them is being looked for; None: as many as fit.

    Where the target tells which item it is, the next chunk ends right before it. Otherwise each refusal halves the
    number, down to the item itself; behind it the number grows again with each chunk that is taken, since odd items
    often lie side by side.
    """

    max_items: int | None = None
    _until: str = ""
    _known: bool = False
    _grows: bool = False
    _alone: int = 0

    @property
    def hopeless(self) -> bool:
        return self._alone >= MAX_REFUSED_ALONE

    def refused(self, sort_keys: Sequence[str], index: int | None) -> bool:
        """A chunk of these was refused, the item at `index` being at fault where that is known.

        Returns: whether they are to be tried in smaller chunks; False where it was one item alone.
        """
        self._grows = len(sort_keys) == 1
        if self._grows:
            self._alone += 1
            self.max_items = None if self._alone == 1 and sort_keys[0] >= self._until else 1
            return False
        self._known = index is not None and 0 <= index < len(sort_keys)
        if self._known and index is not None:
            self._until = sort_keys[index]
            self.max_items = max(1, index)
        else:
            self._until = max(self._until, sort_keys[-1])
            self.max_items = len(sort_keys) // 2
        return True

    def taken(self, sort_keys: Sequence[str]) -> None:
        """A chunk of these was stored."""
        self._alone = 0
        if sort_keys[-1] >= self._until:
            self.max_items, self._grows = None, False
        elif self._known:  # the very item comes next
            self.max_items, self._known = 1, False
        elif self.max_items and self._grows:
            self.max_items *= 2
