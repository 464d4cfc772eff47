"""Bisection of a refused chunk to the item at fault, so that the other items can move. No I/O."""

from __future__ import annotations

from collections.abc import Sequence

MAX_REFUSED_ALONE = 100
"""Single items refused in a row before the destination counts as refusing everything."""


class Narrowing:
    """Limits the items of a chunk while an item at fault is being located; None: no limit.

    If the destination names the item, the next chunk ends right before it. Otherwise each refusal halves the number,
    down to the item itself; after it the number doubles with each stored chunk, since items at fault are often
    adjacent.
    """

    def __init__(self) -> None:
        self.max_items: int | None = None
        self._until = ""
        self._known = self._grows = False
        self._alone = 0

    @property
    def hopeless(self) -> bool:
        return self._alone >= MAX_REFUSED_ALONE

    def refused(self, sort_keys: Sequence[str], index: int | None) -> bool:
        """Record the refusal of a chunk of these items, with the `index` of the item at fault if known.

        Returns: whether to retry in smaller chunks; False if the chunk was a single item.
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
        """Record that a chunk of these items was stored."""
        self._alone = 0
        if sort_keys[-1] >= self._until:
            self.max_items, self._grows = None, False
        elif self._known:  # the item at fault is next
            self.max_items, self._known = 1, False
        elif self.max_items and self._grows:
            self.max_items *= 2
