"""Chunks cut from given items by the mover's own chunk filler."""

from __future__ import annotations

from collections.abc import Sequence

from l3kit.tiering.format.chunk_filler import ChunkFiller
from l3kit.tiering.ports import Page
from l3kit.tiering.settings.tuning import MAX_CHUNK_BYTES


def cut(items: Sequence[bytes], max_bytes: int = MAX_CHUNK_BYTES) -> list[tuple[int, bytes]]:
    """The number of items and the bytes of each chunk; the sort keys are the items' positions."""
    chunks: list[tuple[int, bytes]] = []
    filler = ChunkFiller(max_bytes)
    filler.add(Page([f"{at:012d}" for at in range(len(items))], list(items), None))
    while not filler.empty:
        draft, body = filler.draft()
        chunks.append((draft.count, body))
        filler.drop(draft)
    return chunks
