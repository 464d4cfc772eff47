"""The receivers of items from another cloud: the ingestion of layer 2, and the writer of the hot tier."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import UTC, datetime

from l3kit.tiering.format.messages import MessageRefusedError, MessageRules, Telemetry, normalise, split_payload
from l3kit.tiering.link_auth import TOKEN, Authentication
from l3kit.tiering.stream.handing_on import Next
from l3kit.tiering.stream.receipts import MEMBER, receipts_of
from l3kit.tiering.tokens import FormerToken, Secret
from l3kit.tiering.transfer.envelope import Envelope
from l3kit.tiering.transfer.receiver import WRITE_SECONDS, Receiver
from l3kit.tiering.transfer.wire import Refusal, Request, Response

PAYLOAD = "payload"


class MessageReceiver(Receiver):
    """Takes `{"source_cloud", "payload"}`, one message or a list of them, and answers with their counts.

    The caller awaits the answer, so a bad message is a 400 that names it, and nothing of its request is stored. A 200
    means that the next step has answered.

    Args:
        following: the processor, or the hot store.
        rules: the twin's rules for messages.
        path, token, former, auth, clock, seconds: as in `Receiver`.
    """

    failed = "the messages are not all in the hot tier; the reason is in the receiver's log"

    def __init__(
        self,
        following: Next,
        rules: MessageRules,
        path: str,
        token: Secret,
        *,
        former: Sequence[FormerToken] = (),
        auth: Authentication = TOKEN,
        clock: Callable[[], datetime] = lambda: datetime.now(UTC),
        seconds: float = WRITE_SECONDS,
    ) -> None:
        super().__init__(path, token, former=former, auth=auth, clock=clock, seconds=seconds)
        self._following = following
        self._rules = rules

    async def _receive(self, request: Request, envelope: Envelope) -> Response:
        envelope.text("source_cloud", "unknown")
        receipts = envelope.raw(MEMBER) if envelope.has(MEMBER) else None
        items = self._items(envelope.raw(PAYLOAD), receipts)
        return Response(200, (await self._following.take(items)).to_json())

    def _items(self, payload: bytes, receipts: bytes | None) -> list[Telemetry]:
        """Normalise the messages. Raises: Refusal 400 naming the message and its member."""
        is_list = payload.startswith(b"[")
        now = self._clock()
        items = []
        messages = split_payload(payload)
        for index, (message, received) in enumerate(zip(messages, receipts_of(receipts, len(messages)), strict=True)):
            try:
                items.append(normalise(message, self._rules, now, received))
            except MessageRefusedError as error:
                raise _refusal(error, index if is_list else None) from None
        if not items:
            raise Refusal(400, "is empty: send a message, or a list of messages", PAYLOAD)
        return items


def _refusal(error: MessageRefusedError, index: int | None) -> Refusal:
    where = "the message" if index is None else f"message {index}"
    member = f": {error.field}" if error.field else ""
    extra: dict[str, object] = {"problem": str(error.problem), "member": error.field}
    if index is not None:
        extra["index"] = index
    return Refusal(400, f"{where}{member} {error.cause}. {error.remedy}".rstrip(". "), PAYLOAD, **extra)
