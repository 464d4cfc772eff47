"""The receiving side: what the cold writer and the archive writer have in common, the same on every cloud."""

from __future__ import annotations

import asyncio
import logging
from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime

from l3kit.errors import KeyConflictError, L3Error, StoreError
from l3kit.tiering.format.digest import ContentDigest
from l3kit.tiering.ports import ObjectStore
from l3kit.tiering.tokens import FormerToken, Secret, still_taken
from l3kit.tiering.transfer import wire
from l3kit.tiering.transfer.envelope import Envelope
from l3kit.tiering.transfer.wire import Refusal, Request, Response

WRITE_SECONDS = 50.0
"""A request is given up after so long: before the functions' own limit of 60 s, and long before a lease ends (120 s),
after which another run may settle the chunk in another way. What is still being tried then would come too late."""

log = logging.getLogger(__name__)


class WriterFunction(ABC):
    """What both writers do around their own part: token first, then the body, and no internals in any answer.

    Args:
        token: blank where it was not injected: then everything is answered 403.
        former: taken beside it until their end.
        clock: wall clock, UTC.
        seconds: after which a request is given up, with no further attempt at the store.
    """

    def __init__(
        self,
        store: ObjectStore,
        token: Secret,
        *,
        former: Sequence[FormerToken] = (),
        clock: Callable[[], datetime] = lambda: datetime.now(UTC),
        seconds: float = WRITE_SECONDS,
    ) -> None:
        self._store = store
        self._token = token
        self._former = former
        self._clock = clock
        self._seconds = seconds

    async def handle(self, request: Request) -> Response:
        """Answer one request; never raises for anything the sender or the store did."""
        former = (one.token for one in still_taken(self._former, self._clock()))
        if not wire.check_token(request, self._token, *former):
            if not self._token:
                log.error("INTER_CLOUD_TOKEN is not set: every request is refused; apply the twin again")
            return Response(403, {"error": f"the header {wire.TOKEN_HEADER} is missing or wrong"})
        if request.method.upper() != "POST":
            return Response(405, {"error": "only POST is taken"}, {"allow": "POST"})
        try:
            async with asyncio.timeout(self._seconds):
                return await self._write(request, Envelope(wire.plain_body(request)))
        except Refusal as refusal:
            log.info("refused with %d: %s", refusal.status, refusal)
            return refusal.response()
        except KeyConflictError as error:
            log.warning("%s", error)
            return self._conflict(error)
        except TimeoutError:
            log.error("given up: the store did not answer within %g s", self._seconds)
        except L3Error:
            log.exception("the store failed")
        except Exception:  # the runtime would answer with the exception's text
            log.exception("unexpected")
        return Response(500, {"error": "the storage failed; the reason is in the writer's log"})

    def _conflict(self, error: KeyConflictError) -> Response:
        return Response(
            409,
            {"error": "the key holds other content, which was left as it is", "key": error.resource}
            | ({"sha256": error.existing_sha256} if error.existing_sha256 else {}),
        )

    def _check_holdable(self, key: str, field: str) -> None:
        """Raises: Refusal 400 where this cloud's store would refuse the key, or keep it under another name."""
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
        """The conflict under the bare key and with the digest of what is there, read where the store does not tell."""
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
