"""Cloud Storage resumable upload for content larger than memory, visible only once complete and verified."""

from __future__ import annotations

import asyncio
import base64
import contextlib
import hashlib
import itertools
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from functools import partial

import google_crc32c
import requests

from l3kit.clouds.gcp.data.storage_calls import StorageCalls, UnexpectedStatusError
from l3kit.errors import L3Error, StoreError
from l3kit.tiering.object_writes import check_digest, regrouped
from l3kit.tiering.sdk_calls import Refused

PIECE_BYTES = 8 * 1024 * 1024
"""The service requires a multiple of 256 KiB for every piece but the last."""
TAKEN = frozenset({412})
_GONE = frozenset({404, 410, 499})
_INCOMPLETE = 308


class Upload:
    """One upload session. Its address from `begin` grants write access, so it never appears in a message.

    Args:
        begin: opens the session, blocking.
        send: sends one request, blocking: method, address, headers, body.
    """

    def __init__(
        self,
        calls: StorageCalls,
        where: str,
        begin: Callable[[], str],
        send: Callable[[str, str, dict[str, str], bytes], requests.Response],
    ) -> None:
        self._calls = calls
        self._where = where
        self._begin = begin
        self._send = send
        self._address = ""
        self._sent = 0
        self._crc = 0

    async def run(self, parts: AsyncIterator[bytes], sha256: str | None) -> bytes | None:
        """Upload the iterator's bytes, regrouped into pieces of 8 MiB.

        The last piece is sent only once the digest of the whole is verified.

        Args:
            sha256: expected hex digest of the stored bytes; None if unknown.
        Returns: the content if it is at most one piece (nothing was uploaded), else None: the upload is complete, or
            the key has been created in the meantime.
        Raises: StoreError; the upload is aborted and nothing is visible.
        """
        digest = hashlib.sha256()
        held = b""
        try:
            async for piece in regrouped(parts, PIECE_BYTES):
                digest.update(piece)
                if held and not await self._piece(held, last=False):
                    return None
                held = piece
            check_digest(self._where, digest.hexdigest(), sha256)
            if not self._address:
                return held
            await self._piece(held, last=True)
        except BaseException:
            await self._abort()
            raise
        return None

    async def _piece(self, piece: bytes, *, last: bool) -> bool:
        """Send the next piece, opening the session before the first. Returns: False if the key exists."""
        if not self._address:
            address = await self._calls.run("create_upload", self._where, self._begin, expected=TAKEN)
            if isinstance(address, Refused):
                return False
            self._address = address
        self._crc = google_crc32c.extend(self._crc, piece)
        put = _Put(piece, self._sent, last, base64.b64encode(self._crc.to_bytes(4, "big")).decode())
        count = partial(asyncio.get_running_loop().call_soon_threadsafe, self._calls.usage.count, "upload_state")
        tries = itertools.count()

        def work() -> requests.Response:
            return self._put(put, put.start) if next(tries) == 0 else self._resume(put, count)

        kind = "complete_upload" if last else "put_part"
        answer = await self._calls.run(kind, self._where, work, sends=len(piece), expected=TAKEN)
        if isinstance(answer, Refused):
            return False
        if answer.status_code == _INCOMPLETE and (last or _received(answer) != put.end):
            raise StoreError(self._where, "Cloud Storage received less than was sent", "Try again")
        self._sent = put.end
        return True

    def _put(self, put: _Put, start: int) -> requests.Response:
        headers = {"Content-Range": f"bytes {start}-{put.end - 1}/{put.total}"}
        if put.last:
            headers["x-goog-hash"] = f"crc32c={put.crc32c}"
        return self._ask("PUT", headers, put.piece[start - put.start :])

    def _resume(self, put: _Put, count: Callable[[], object]) -> requests.Response:
        """After a failure, query the received bytes and send the rest; calls `count` if both requests are needed."""
        state = self._ask("PUT", {"Content-Range": f"bytes */{put.total}"}, b"")
        known = _received(state)
        if state.status_code != _INCOMPLETE or (known >= put.end and not put.last):
            return state
        count()
        return self._put(put, max(put.start, min(known, put.end - 1)))

    def _ask(self, method: str, headers: dict[str, str], body: bytes) -> requests.Response:
        response = self._send(method, self._address, headers, body)
        if response.status_code >= 400:
            raise UnexpectedStatusError(response)
        return response

    async def _abort(self) -> None:
        if self._address:
            with contextlib.suppress(L3Error):  # the service drops it after a week
                await self._calls.run("abort_upload", self._where, lambda: self._ask("DELETE", {}, b""), expected=_GONE)


@dataclass(frozen=True, slots=True)
class _Put:
    """One piece, from byte `start` of the whole. `crc32c`: of the whole up to its end."""

    piece: bytes
    start: int
    last: bool
    crc32c: str

    @property
    def end(self) -> int:
        return self.start + len(self.piece)

    @property
    def total(self) -> str:
        return str(self.end) if self.last else "*"


def _received(response: requests.Response) -> int:
    """Bytes received: 42 for `Range: bytes=0-41`, 0 without the header."""
    found = response.headers.get("range", "")
    return int(found.rpartition("-")[2]) + 1 if found else 0
