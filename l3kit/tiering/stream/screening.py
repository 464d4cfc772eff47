"""Sorting of messages into items and dead letters. No I/O."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime

from l3kit.tiering.format.messages import MessageRefusedError, MessageRules, Telemetry, normalise, split_payload
from l3kit.tiering.stream.batches import messages_in, received_in
from l3kit.tiering.stream.letters import DeadLetter, Letters
from l3kit.tiering.stream.ports import Delivery
from l3kit.tiering.stream.redelivery import redeliveries_in


@dataclass(slots=True)
class Screened:
    """Sorted messages: items in the order of the messages, and dead letters."""

    items: list[Telemetry] = field(default_factory=list)
    dead: list[DeadLetter] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Screening:
    """Decides for each message alone, so that a bad one does not stop the others.

    Attributes:
        letters: the function's, which the letters name.
        now: the time of the invocation.
    """

    rules: MessageRules
    letters: Letters
    now: datetime

    def deliveries(self, deliveries: Iterable[Delivery]) -> Screened:
        """Screen the deliveries of a source; each body is one message or a list of them."""
        screened = Screened()
        for delivery in deliveries:
            try:
                messages = split_payload(delivery.body)
            except MessageRefusedError as error:
                screened.dead.append(self._letter(error, delivery.body, delivery.device, delivery.received))
                continue
            for message in messages:
                self._screen(message, screened, delivery.device, delivery.received)
        return screened

    def call(self, event: bytes) -> Screened:
        """Screen the messages of another function's call, or of a replay's."""
        if (again := redeliveries_in(event)) is not None:
            return self.deliveries(again)
        screened = Screened()
        try:
            messages = messages_in(event)
        except MessageRefusedError as error:
            screened.dead.append(self._letter(error, event, None, None))
            return screened
        for message, received in zip(messages, received_in(event, len(messages)), strict=True):
            self._screen(message, screened, None, received)
        return screened

    def _screen(self, message: bytes, screened: Screened, device: str | None, received: datetime | None) -> None:
        try:
            screened.items.append(normalise(message, self.rules, self.now, received))
        except MessageRefusedError as error:
            screened.dead.append(self._letter(error, message, device, received))

    def _letter(
        self, error: MessageRefusedError, message: bytes, device: str | None, received: datetime | None
    ) -> DeadLetter:
        return self.letters.of(error.problem, str(error), message, device=device, received=received)
