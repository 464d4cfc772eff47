"""What the hot-to-cold mover needs of the place where its chunks go."""

from __future__ import annotations

from typing import Protocol

from l3kit.tiering.format.chunks import Chunk, ChunkKey
from l3kit.tiering.ports import Usage


class ColdTarget(Protocol):
    """Where chunks go: a bucket of the same cloud, or a writer on another."""

    usage: Usage

    def fits(self, body: bytes) -> bool:
        """Whether the receiver takes a chunk with this JSON array."""

    async def store(self, chunk: Chunk, *, again: bool = False) -> None:
        """Store it under its key, unless exactly this is there already; return when the target confirmed the digest.

        Args:
            again: it may have been stored before, and archived since: then it must not be stored a second time.
        Raises: KeyConflictError (with `existing_sha256` where known) if other content is there; ChunkRefusedError
            where no attempt would be taken: nothing was stored.
        """

    async def seal(self, key: ChunkKey) -> str | None:
        """Make sure that nothing can be stored under the key any more, by an empty array if it is free.

        Returns: None when the key is sealed; else the digest of the content that is there, or was before it was
            archived.
        """

    async def look(self, key: ChunkKey) -> str | None:
        """The digest of what is under the key, or was until it was archived; None where neither is known.

        A writer that does not know the question seals the key instead, which answers it too.
        """

    async def highest_number(self, device_id: str) -> int | None:
        """The highest number, below RESERVED_NUMBERS, of the device's chunks in the tiers that can be asked; 0: none.

        Returns: None where the writer does not know the question.
        """
