"""Chunks cut from given items by the mover's own chunk filler."""

from __future__ import annotations

from collections.abc import Sequence

from l3kit.tiering.format.chunks import ChunkFiller
from l3kit.tiering.ports import Page
from l3kit.tiering.settings.tuning import MAX_CHUNK_BYTES


def cut(items: Sequence[bytes], max_bytes: int = MAX_CHUNK_BYTES) -> list[tuple[int, bytes]]:
    """The number of items and the bytes of each chunk; the sort keys are the items' positions."""
    chunks: list[tuple[int, bytes]] = []
    done = 0
    while done < len(items):
        filler = ChunkFiller(max_bytes)
        filler.add(Page([f"{at:012d}" for at in range(done, len(items))], list(items[done:]), None))
        draft, body = filler.draft()
        chunks.append((draft.count, body))
        done += draft.count
    return chunks
