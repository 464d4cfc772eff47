"""The sending side of the protocol: session, retries, time-outs, and errors with remedies."""

from __future__ import annotations

import logging
import random
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import requests

from l3kit.errors import KeyConflictError, MissingConnectionError, TransferError
from l3kit.tiering.format.chunks import Chunk, ChunkKey
from l3kit.tiering.ports import Usage
from l3kit.tiering.receiver_limit import SMALLEST_LIMIT, ReceiverLimit
from l3kit.tiering.tokens import Secret
from l3kit.tiering.transfer import refusals, wire
from l3kit.tiering.transfer.connection import check_url, credentials, open_session
from l3kit.tiering.transfer.payload import Payload, encode, plain
from l3kit.tiering.transfer.refusals import Answer

TIMEOUT_SECONDS = 30.0
WAITS = (1.0, 2.0, 4.0)
"""Seconds before each retry, plus random jitter of up to a quarter."""
MAX_RETRY_AFTER = 30.0
MAX_ANSWER_BYTES = 256 * 1024

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class ChunkReceipt:
    """The cold writer's confirmation: number of items written, key and digest."""

    written: int
    key: str
    sha256: str


@dataclass(frozen=True, slots=True)
class PartReceipt:
    """The archive writer's confirmation: the parts still missing; none once the object is complete."""

    pending: tuple[int, ...]


class Writer:
    """Client of a writer function on another cloud.

    Thread-safe. Every call may be repeated after a failure: the repeat completes what the failed call left unfinished.

    Args:
        url: https, or http on loopback.
        token: the link's token; never shown.
        link: the link's id, for messages.
        signed_path: path of the receiving function, `/` and its name, for which requests are signed instead of
            carrying the token; if empty they carry the token.
        sleep, jitter: sleeps for the given seconds; returns a random number from 0 to 1.
        timeout: seconds for connecting, and for the response.

    Raises: ConfigurationError for an invalid url; MissingConnectionError (a ValueError) for a blank token.
    """

    def __init__(
        self,
        url: str,
        token: Secret,
        link: str,
        *,
        signed_path: str = "",
        session: requests.Session | None = None,
        sleep: Callable[[float], None] = time.sleep,
        jitter: Callable[[], float] = random.random,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
        timeout: float = TIMEOUT_SECONDS,
    ) -> None:
        if not token:
            raise MissingConnectionError(link, "its token is blank", "Apply the twin again to create one")
        check_url(url, link)
        self._url = url
        self._token = token
        self._link = link
        self._signed_path = signed_path
        self._session = session or open_session(url)
        self._sleep = sleep
        self._jitter = jitter
        self._now = now
        self._timeout = timeout
        self._lock = threading.Lock()
        self._plain_only = False
        self.usage = Usage()

    def __repr__(self) -> str:
        return f"Writer({self._link})"

    def close(self) -> None:
        self._session.close()

    def post_chunk(
        self,
        chunk: Chunk,
        source_cloud: str,
        *,
        limit: ReceiverLimit = SMALLEST_LIMIT,
        packed: bytes | None = None,
        again: bool = False,
    ) -> ChunkReceipt:
        """Send a chunk to the cold writer; return once it has confirmed the digest.

        Args:
            limit: request limit of the receiver.
            packed: `payload.deflate(chunk.body)`, if already computed.
            again: it may have been stored before and archived since; then the writer only confirms.
        Raises: KeyConflictError if the key holds other content; TransferError.
        """
        key = str(chunk.key)
        pieces = wire.chunk_pieces(chunk, source_cloud, again=again)
        payload = encode(pieces, limit, {1: packed} if packed else None)
        answer = self._confirmed(payload, key, chunk.sha256, limit)
        written = answer.get("written")
        return ChunkReceipt(written if type(written) is int else chunk.count, key, chunk.sha256)

    def seal_chunk(self, key: ChunkKey, source_cloud: str) -> str | None:
        """Seal the key with an empty array: None; else the digest of the existing content. Raises: TransferError."""
        payload = encode(wire.seal_pieces(key, source_cloud), SMALLEST_LIMIT)
        answer = self._post(payload, str(key), SMALLEST_LIMIT)
        if answer.status == 409:
            return refusals.conflicting_digest(self._link, answer, str(key))
        if answer.body.get("sealed") is not True or answer.body.get("key") != str(key):
            raise refusals.unconfirmed(self._link, answer)
        return None

    def look_at_chunk(self, key: ChunkKey, source_cloud: str) -> str | None:
        """The digest of the content under the key, or archived from there; None if unknown. Raises: TransferError."""
        answer = self._post(encode(wire.look_pieces(key, source_cloud), SMALLEST_LIMIT), str(key), SMALLEST_LIMIT)
        sha256 = answer.body.get("sha256")
        if (answer.body.get("looked"), answer.body.get("key")) != (True, str(key)) or not isinstance(
            sha256, str | None
        ):
            raise refusals.unconfirmed(self._link, answer)
        return sha256

    def highest_number(self, device_id: str, source_cloud: str) -> int:
        """The highest number of the device's chunks that the writer can list; 0 if none. Raises: TransferError."""
        answer = self._post(encode(wire.highest_pieces(device_id, source_cloud), SMALLEST_LIMIT), None, SMALLEST_LIMIT)
        number = answer.body.get("highest")
        if answer.body.get("iot_device_id") != device_id or type(number) is not int or number < 0:
            raise refusals.unconfirmed(self._link, answer)
        return number

    def post_part(
        self, part: wire.ArchivePart, payload: Payload, *, limit: ReceiverLimit = SMALLEST_LIMIT
    ) -> PartReceipt:
        """Send an object, or a part of one, to the archive writer.

        Args:
            payload: `part.payload(...)`.
            limit: request limit of the receiver.
        Returns: the missing parts; none once the writer has confirmed the whole object's digest.
        Raises: KeyConflictError if the key holds other content; TransferError.
        """
        answer = self._confirmed(payload, part.key, part.sha256, limit, may_pend=part.total > 1)
        return PartReceipt(tuple(answer.get("pending", ())))

    def post_messages(self, pieces: Sequence[bytes], *, limit: ReceiverLimit = SMALLEST_LIMIT) -> Mapping[str, Any]:
        """Send messages to an ingestion or a hot writer, or feedback to its receiver.

        Args:
            pieces: the body, in pieces.
            limit: request limit of the receiver.
        Returns: its answer, which the caller compares with what was sent. Raises: TransferError.
        """
        answer = self._post(encode(pieces, limit), None, limit)
        if answer.status != 200:
            raise refusals.failed(self._link, answer, self._token)
        return answer.body

    def _confirmed(
        self, payload: Payload, key: str, sha256: str, limit: ReceiverLimit, *, may_pend: bool = False
    ) -> Mapping[str, Any]:
        if not payload.fits(limit):
            raise TransferError(
                self._link,
                f"the request for {key} has {payload.weight} bytes, {payload.plain_bytes} as plain JSON: above the"
                " writer's limit",
                refusals.REMEDIES[413],
            )
        answer = self._post(payload, key, limit)
        content = answer.body
        if answer.status == 409:
            existing = content.get("sha256")
            if existing != sha256:
                raise KeyConflictError(
                    f"{self._link}: {key}",
                    "the key holds other content, which was left unchanged",
                    "Compare the two; see docs/reference/protocol.md",
                    existing_sha256=existing if isinstance(existing, str) else None,
                )
        elif not (may_pend and _is_pending(content)) and (content.get("key"), content.get("sha256")) != (key, sha256):
            raise refusals.unconfirmed(self._link, answer)
        return content

    def _post(self, payload: Payload, key: str | None, limit: ReceiverLimit) -> Answer:
        """POST, falling back to plain JSON on a 415. Returns: a 200 or a 409. Raises: TransferError.

        Args:
            key: key of the object that the request concerns, if any.
        """
        if self._plain_only and (instead := plain(payload, limit)).fits(limit):
            payload = instead
        try:
            return self._post_as_it_is(payload, key)
        except TransferError as error:
            instead = plain(payload, limit)
            if error.status != 415 or instead is payload or not instead.fits(limit):
                raise
        if not self._plain_only:
            log.warning("%s: the writer does not accept gzip; sending plain JSON from now on if it fits", self._link)
        self._plain_only = True
        return self._post_as_it_is(instead, key)

    def _post_as_it_is(self, payload: Payload, key: str | None) -> Answer:
        """POST with retries. Returns: a 200 or a 409. Raises: TransferError for any other outcome."""
        for wait in (*WAITS, None):
            retry_after = 0.0
            try:
                answer = self._attempt(payload, key)
            except requests.exceptions.SSLError:
                raise TransferError(
                    self._link, "its TLS certificate is not valid", "Check the url and the system clock"
                ) from None
            except requests.exceptions.RequestException as error:
                failure = TransferError(self._link, *refusals.broken_connection(error, self._timeout))
            else:
                if answer.status in (200, 409):
                    return answer
                failure = refusals.failed(self._link, answer, self._token)
                retry_after = refusals.retry_after(answer, self._now())
            if wait is None or not (failure.status is None or failure.status == 429 or failure.status >= 500):
                break
            self._count_retry()
            pause = max(wait * (1 + self._jitter() / 4), min(retry_after, MAX_RETRY_AFTER))
            log.warning("%s: %s; retrying in %.1f s", self._link, failure.cause, pause)
            self._sleep(pause)
        raise failure

    def _attempt(self, payload: Payload, key: str | None) -> Answer:
        with self._lock:
            self.usage.count("post")
            self.usage.bytes_out += len(payload.body)
        headers = {
            **payload.headers,
            **credentials(self._token, self._signed_path, payload.body, self._now()),
            **({} if key is None else {wire.IDEMPOTENCY_HEADER: wire.idempotency_key(key)}),
            "Accept-Encoding": "identity",
        }
        give_up = time.monotonic() + self._timeout
        with self._session.post(
            self._url, data=payload.body, headers=headers, timeout=self._timeout, allow_redirects=False, stream=True
        ) as response:
            content = b""
            for block in response.iter_content(16_384):
                content += block
                if time.monotonic() > give_up:
                    raise requests.exceptions.ReadTimeout("response body exceeded the read deadline")
                if len(content) > MAX_ANSWER_BYTES:
                    content = b""
                    break
            with self._lock:
                self.usage.bytes_in += len(content)
            received = {name.lower(): text for name, text in response.headers.items()}
            packed = "Content-Encoding" in payload.headers
            return Answer(response.status_code, refusals.json_object(content), received, packed)

    def _count_retry(self) -> None:
        with self._lock:
            self.usage.retried("post")


def _is_pending(answer: Mapping[str, Any]) -> bool:
    pending = answer.get("pending")
    return isinstance(pending, list) and bool(pending) and all(type(part) is int for part in pending)
