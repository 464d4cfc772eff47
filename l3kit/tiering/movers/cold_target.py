"""The hot-to-cold mover's port for the destination of chunks."""

from __future__ import annotations

from typing import Protocol

from l3kit.tiering.format.chunks import Chunk, ChunkKey
from l3kit.tiering.ports import Usage


class ColdTarget(Protocol):
    """A destination of chunks: a bucket on the same cloud, or a writer on another."""

    usage: Usage

    def fits(self, body: bytes) -> bool:
        """Return whether a chunk with this JSON array is within the receiver's limit."""

    async def store(self, chunk: Chunk, *, again: bool = False) -> None:
        """Store a chunk under its key, unless it is there already; return once its digest is confirmed.

        Args:
            again: it may have been stored before and archived since, in which case it must not be stored again.
        Raises: KeyConflictError (with `existing_sha256` if known) if other content is there; ChunkRefusedError if no
            retry can succeed and nothing was stored.
        """

    async def seal(self, key: ChunkKey) -> str | None:
        """Block the key for later writes by storing an empty array if it is free.

        Returns: None once the key is sealed; else the digest of the existing or archived content.
        """

    async def look(self, key: ChunkKey) -> str | None:
        """The digest of the content under the key, or of content archived from there; None if neither is known.

        With a writer that does not support this request the key is sealed instead, which gives the same answer.
        """

    async def highest_number(self, device_id: str) -> int | None:
        """The highest number below RESERVED_NUMBERS of the device's chunks in the reachable tiers; 0 if none.

        Returns: None if the writer does not support this request.
        """
