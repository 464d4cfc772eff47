"""The receiver of feedback from layer 2's cloud: gives it to the device on the way back that layer 1's cloud has."""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from datetime import UTC, datetime

from l3kit.errors import CallError
from l3kit.tiering.format.chunks import MAX_DEVICE_ID_BYTES, is_reserved_device
from l3kit.tiering.format.messages import MessageRules
from l3kit.tiering.link_auth import TOKEN, Authentication
from l3kit.tiering.stream.ports import Feedback
from l3kit.tiering.tokens import FormerToken, Secret
from l3kit.tiering.transfer.envelope import Envelope
from l3kit.tiering.transfer.receiver import Receiver
from l3kit.tiering.transfer.wire import Refusal, Request, Response

DEVICE, PAYLOAD = "iot_device_id", "payload"
SEND_SECONDS = 25.0
"""Time limit of a request: less than an action has, so that the event-checker still gets the answer."""
NOT_SENT = 424
"""Status for feedback that the way back refused; unlike a 500 it is final, since the way back has its own retries."""

log = logging.getLogger(__name__)


class FeedbackReceiver(Receiver):
    """Takes `{"source_cloud", "iot_device_id", "payload"}` and sends the payload to the device, byte for byte.

    A repeated request is sent to the device again.

    Args:
        feedback: opens the way back.
        rules: the twin's rules; only its devices are sent to.
        path, token, former, auth, clock, seconds: as in `Receiver`.
    """

    failed = "it is not known whether the device got the feedback; the reason is in the receiver's log"

    def __init__(
        self,
        feedback: Callable[[], Feedback],
        rules: MessageRules,
        path: str,
        token: Secret,
        *,
        former: Sequence[FormerToken] = (),
        auth: Authentication = TOKEN,
        clock: Callable[[], datetime] = lambda: datetime.now(UTC),
        seconds: float = SEND_SECONDS,
    ) -> None:
        super().__init__(path, token, former=former, auth=auth, clock=clock, seconds=seconds)
        self._feedback = feedback
        self._rules = rules

    async def _receive(self, request: Request, envelope: Envelope) -> Response:
        envelope.text("source_cloud", "unknown")
        device = self._device(envelope)
        if not envelope.has(PAYLOAD):
            raise Refusal(400, "is missing", PAYLOAD)
        try:
            await self._feedback().send(device, envelope.raw(PAYLOAD))
        except CallError as error:
            log.warning("%s", error)
            return Response(NOT_SENT, {"error": str(error)})
        return Response(200, {"sent": True})

    def _device(self, envelope: Envelope) -> str:
        """Return the device that a message may come from as well. Raises: Refusal 400."""
        device, rules = envelope.text(DEVICE), self._rules
        kept = rules.keep_unknown and not is_reserved_device(device) and len(device.encode()) <= MAX_DEVICE_ID_BYTES
        if device not in rules.devices and not kept:
            raise Refusal(400, f"{device[:60]!r} is not a device of this twin", DEVICE)
        return device
