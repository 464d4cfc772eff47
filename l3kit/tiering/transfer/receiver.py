"""The receiving side of the protocol: the base of all receivers, and that of the cold and archive writer."""

from __future__ import annotations

import asyncio
import logging
from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from typing import ClassVar

from l3kit.errors import KeyConflictError, L3Error, StoreError
from l3kit.tiering.format.digest import ContentDigest
from l3kit.tiering.link_auth import TOKEN, Authentication
from l3kit.tiering.ports import ObjectStore
from l3kit.tiering.tokens import FormerToken, Secret
from l3kit.tiering.transfer import wire
from l3kit.tiering.transfer.admission import Admission
from l3kit.tiering.transfer.envelope import Envelope
from l3kit.tiering.transfer.wire import Refusal, Request, Response

WRITE_SECONDS = 50.0
"""Time limit of a request, below the functions' own limit of 60 s.

It is well below the lease duration of 120 s, after which another run may settle the chunk differently, so that a later
write would be wrong.
"""

log = logging.getLogger(__name__)


class Receiver(ABC):
    """Request handling of all receivers: check the credentials, then the body; responses reveal no internals.

    Args:
        path: the path that senders sign, `/` and the function's name.
        token: blank if it was not injected; every request then gets a 403.
        former: former tokens, accepted as well until their expiry.
        auth: whether the token itself is accepted, in addition to signatures.
        clock: wall clock, UTC.
        seconds: time limit of a request, after which nothing is tried again.
    """

    failed: ClassVar[str] = "the storage failed; the reason is in the writer's log"
    """The error of a 500."""

    def __init__(
        self,
        path: str,
        token: Secret,
        *,
        former: Sequence[FormerToken] = (),
        auth: Authentication = TOKEN,
        clock: Callable[[], datetime] = lambda: datetime.now(UTC),
        seconds: float = WRITE_SECONDS,
    ) -> None:
        self._admission = Admission(path, token, former, auth)
        self._clock = clock
        self._seconds = seconds

    async def handle(self, request: Request) -> Response:
        """Handle one request. Errors of the sender or of the receiver's stores and functions become error responses."""
        if forbidden := self._admission.refusal(request, self._clock()):
            return forbidden
        if request.method.upper() != "POST":
            return Response(405, {"error": "only POST is accepted"}, {"allow": "POST"})
        try:
            async with asyncio.timeout(self._seconds):
                return await self._receive(request, Envelope(wire.plain_body(request)))
        except Refusal as refusal:
            log.info("refused with %d: %s", refusal.status, refusal)
            return refusal.response()
        except TimeoutError:
            log.error("request aborted: not done within %g s", self._seconds)
        except L3Error:
            log.exception("failed")
        except Exception:  # the runtime would respond with the exception's text
            log.exception("unexpected")
        return Response(500, {"error": self.failed})

    @abstractmethod
    async def _receive(self, request: Request, envelope: Envelope) -> Response:
        """Handle an admitted request. Raises: Refusal; L3Error becomes a 500."""


class WriterFunction(Receiver):
    """The part that the cold and the archive writer share.

    Args:
        store: the tier's store.
        token, former, auth, clock, seconds: as in `Receiver`.
    """

    path: ClassVar[str]
    """The path that senders sign: `/` and the function's name."""

    def __init__(
        self,
        store: ObjectStore,
        token: Secret,
        *,
        former: Sequence[FormerToken] = (),
        auth: Authentication = TOKEN,
        clock: Callable[[], datetime] = lambda: datetime.now(UTC),
        seconds: float = WRITE_SECONDS,
    ) -> None:
        super().__init__(self.path, token, former=former, auth=auth, clock=clock, seconds=seconds)
        self._store = store

    async def _receive(self, request: Request, envelope: Envelope) -> Response:
        try:
            return await self._write(request, envelope)
        except KeyConflictError as error:
            log.warning("%s", error)
            return self._conflict(error)

    def _conflict(self, error: KeyConflictError) -> Response:
        return Response(
            409,
            {"error": "the key holds other content, which was left as it is", "key": error.resource}
            | ({"sha256": error.existing_sha256} if error.existing_sha256 else {}),
        )

    def _check_holdable(self, key: str, field: str) -> None:
        """Raise Refusal 400 if this cloud's store would refuse the key or change it."""
        if fault := self._store.key_fault(key):
            raise Refusal(400, fault, field)

    @abstractmethod
    async def _write(self, request: Request, envelope: Envelope) -> Response: ...

    async def _create(
        self, key: str, body: bytes, sha256: str, encoding: str | None, metadata: Mapping[str, str]
    ) -> None:
        try:
            await self._store.create(key, body, sha256=sha256, content_encoding=encoding, metadata=metadata)
        except KeyConflictError as error:
            raise await self._explained(error, key) from None

    async def _explained(self, error: KeyConflictError, key: str) -> KeyConflictError:
        """Add the existing content's digest to the conflict, computed if the store does not report it."""
        existing = error.existing_sha256
        if existing is None:
            try:
                existing = await self._digest_of(key)
            except StoreError as unread:  # archived content cannot be read
                log.warning("%s", unread)
        return KeyConflictError(key, error.cause, existing_sha256=existing)

    async def _digest_of(self, key: str) -> str | None:
        info = await self._store.head(key)
        if info is None or info.sha256:
            return info.sha256 if info else None
        digest = ContentDigest(info.content_encoding, key)
        digest.update(await self._store.read(key))
        return digest.hexdigest()
