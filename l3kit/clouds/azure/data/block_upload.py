"""Upload of content larger than memory as staged blocks; committing the block list creates the blob."""

from __future__ import annotations

import hashlib
import uuid
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

from azure.storage.blob import BlobBlock

from l3kit.clouds.azure.data.blob_calls import BlobCalls
from l3kit.tiering.object_writes import check_digest
from l3kit.tiering.sdk_calls import Refused

BLOCK_BYTES = 8 * 1024 * 1024
TAKEN = frozenset({"BlobAlreadyExists", "ConditionNotMet", "BlobArchived", "409", "412"})


async def upload_blocks(
    calls: BlobCalls,
    where: str,
    client: Any,
    parts: AsyncIterator[bytes],
    sha256: str | None,
    commit: Callable[[list[BlobBlock]], Awaitable[Any]],
) -> bytes | bool:
    """Stage the parts, regrouped, and commit them once their digest matches.

    Uncommitted blocks are invisible, and the service drops them after a week. Block ids are unique per upload, so that
    two uploads to one key do not mix.

    Args:
        sha256: expected hex digest of the stored bytes; None skips the check.
        commit: creates the blob from the blocks, only if its name is free.
    Returns: the content if it fits one request, with nothing sent; else whether the name was free.
    Raises: StoreError.
    """
    digest, pending = hashlib.sha256(), b""
    blocks: list[BlobBlock] = []
    upload = uuid.uuid4().hex[:16]
    async for part in parts:
        digest.update(part)
        pending += part
        while len(pending) > BLOCK_BYTES:
            blocks.append(await _stage(calls, where, client, f"{upload}{len(blocks):06d}", pending[:BLOCK_BYTES]))
            pending = pending[BLOCK_BYTES:]
    check_digest(where, digest.hexdigest(), sha256)
    if not blocks:
        return pending
    if pending:
        blocks.append(await _stage(calls, where, client, f"{upload}{len(blocks):06d}", pending))
    answer = await calls.run("put_block_list", where, lambda: commit(blocks), expected=TAKEN)
    return not isinstance(answer, Refused)


async def _stage(calls: BlobCalls, where: str, client: Any, block_id: str, piece: bytes) -> BlobBlock:
    async def stage() -> None:
        await client.stage_block(block_id, piece, length=len(piece), validate_content=True)

    await calls.run("put_block", where, stage, sends=len(piece))
    return BlobBlock(block_id)
