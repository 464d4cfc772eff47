"""Resumable uploads: a session receives the content in pieces, and the last piece creates the object."""

from __future__ import annotations

import re
import uuid
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass, replace

from aiohttp import web

from l3kit.sandbox.gcp.storage.access import Access
from l3kit.sandbox.gcp.storage.answers import Refusal, invalid, json_answer
from l3kit.sandbox.gcp.storage.bodies import Draft
from l3kit.sandbox.gcp.storage.calls import Call
from l3kit.sandbox.gcp.storage.storage import Storage
from l3kit.sandbox.gcp.storage.uploads import Upload, hash_header

PIECE_BYTES = 256 * 1024
"""Every piece except the last must be a multiple of this size."""
ENDED_SESSIONS = 1000
"""Number of ended sessions whose outcome can still be queried."""
_RANGE = re.compile(r"bytes (?:(?P<first>\d+)-(?P<last>\d+)|\*)/(?P<total>\d+|\*)")


@dataclass
class _Session:
    """An upload. `access`: of whoever opened it; its address is all that its further requests need."""

    upload: Upload
    access: Access
    draft: Draft
    busy: bool = False


@dataclass(frozen=True)
class _Piece:
    """The range of a PUT. `first`: None for a status query without content. `total`: None if not known yet."""

    first: int | None
    last: int | None
    total: int | None


class Resumable:
    """`uploadType=resumable`."""

    def __init__(self, storage: Storage) -> None:
        self._storage = storage
        self._open: dict[str, _Session] = {}
        self._ended: OrderedDict[str, Callable[[Call], web.Response]] = OrderedDict()

    async def begin(self, call: Call, bucket: str) -> web.StreamResponse:
        """Open a session; its conditions are checked when it ends."""
        self._storage.bucket(bucket)
        upload = Upload.of(call, bucket, await call.content(), call.request.headers.get("X-Upload-Content-Type"))
        self._storage.admit(call.access, upload.new)
        session_id = uuid.uuid4().hex
        self._open[session_id] = _Session(upload, call.access, self._storage.bodies.draft())
        location = f"{call.base}/upload/storage/v1/b/{bucket}/o?uploadType=resumable&upload_id={session_id}"
        return web.Response(headers={"Location": location, "X-GUploader-UploadID": session_id})

    async def put(self, call: Call, session_id: str) -> web.StreamResponse:
        """Store a piece or answer a status query. Raises: Refusal."""
        ended = self._ended.get(session_id)
        if ended is not None:
            return ended(call)
        session = self._session(session_id)
        if session.busy:
            raise Refusal(503, "backendError", "Another request of this upload is being served")
        session.busy = True
        try:
            piece = _piece(call.request, session.draft.size)
            if piece.first is not None:
                await self._take(call, session, piece, piece.first)
            if piece.total is None or session.draft.size < piece.total:
                return _incomplete(session)
            if session.draft.size > piece.total:
                raise invalid(f"The upload already has {session.draft.size} bytes", "Content-Range")
            return self._finish(call, session_id, session)
        finally:
            session.busy = False

    def cancel(self, session_id: str) -> web.StreamResponse:
        """Cancel an upload; like the real service, answer success with status 499."""
        self._session(session_id).draft.discard()
        del self._open[session_id]
        return web.Response(status=499)

    async def _take(self, call: Call, session: _Session, piece: _Piece, first: int) -> None:
        """Store a piece, skipping bytes that the session already has, so that a piece may be sent again."""
        draft = session.draft
        if first > draft.size:
            raise invalid(f"The upload has {draft.size} bytes, the piece begins at {first}", "Content-Range")
        _check_piece_size(piece)
        known = draft.size - first
        taken = 0
        pending = bytearray()
        async for block in call.request.content.iter_any():
            if piece.last is not None and first + taken + len(block) > piece.last + 1:
                raise invalid("The piece is longer than its Content-Range", "Content-Range")
            pending += block[max(0, known - taken) :]
            taken += len(block)
            # Of an interrupted piece keep whole multiples only, so that the next piece can be a multiple again.
            if whole := len(pending) // PIECE_BYTES * PIECE_BYTES:
                draft.write(bytes(pending[:whole]))
                del pending[:whole]
        if piece.last is not None and first + taken != piece.last + 1:
            raise invalid("The piece is shorter than its Content-Range", "Content-Range")
        draft.write(bytes(pending))

    def _finish(self, call: Call, session_id: str, session: _Session) -> web.Response:
        upload = session.upload
        upload = replace(upload, hashes={**upload.hashes, **hash_header(call.request)})
        body = session.draft.finish()
        del self._open[session_id]
        try:
            try:
                upload.check(body)
                self._storage.admit(session.access, upload.new)
            except Refusal:
                session.draft.discard()
                raise
            stored = self._storage.put(upload.new, body)
        except Refusal as refusal:
            kept = refusal
            self._remember(session_id, lambda _: kept.answer(media=False))
            raise
        self._remember(session_id, lambda later: json_answer(stored.resource(later.base)))
        return json_answer(stored.resource(call.base))

    def _remember(self, session_id: str, answer: Callable[[Call], web.Response]) -> None:
        self._ended[session_id] = answer
        if len(self._ended) > ENDED_SESSIONS:
            self._ended.popitem(last=False)

    def _session(self, session_id: str) -> _Session:
        found = self._open.get(session_id)
        if found is None:
            raise Refusal(404, "notFound", "There is no such upload")
        return found


def _piece(request: web.Request, known: int) -> _Piece:
    """Parse the Content-Range; without one, the request contains all the rest."""
    text = request.headers.get("Content-Range")
    if text is None:
        length = request.content_length
        if length is None:
            raise invalid("A request without Content-Range needs a Content-Length", "Content-Range")
        return _Piece(known, known + length - 1 if length else None, known + length)
    found = _RANGE.fullmatch(text.strip())
    if found is None:
        raise invalid(f"Failed to parse Content-Range header {text!r}", "Content-Range")
    first, last, total = (None if part in (None, "*") else int(part) for part in found.group("first", "last", "total"))
    if last is not None and (first is None or last < first or (total is not None and last >= total)):
        raise invalid(f"Content-Range {text!r} contradicts itself", "Content-Range")
    return _Piece(first, last, total)


def _check_piece_size(piece: _Piece) -> None:
    if piece.first is None or piece.last is None or (piece.total is not None and piece.last + 1 == piece.total):
        return
    if (piece.last + 1 - piece.first) % PIECE_BYTES:
        raise invalid(f"Every piece but the last must be a multiple of {PIECE_BYTES} bytes", "Content-Range")


def _incomplete(session: _Session) -> web.Response:
    size = session.draft.size
    return web.Response(status=308, headers={"Range": f"bytes=0-{size - 1}"} if size else {})
