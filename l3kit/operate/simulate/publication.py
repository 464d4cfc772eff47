"""Publishing messages of a twin's devices in its sandbox, and waiting for the message chain."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol

from l3kit.errors import CheckFailedError, ConfigurationError
from l3kit.notebook.answer import CheckedAnswer
from l3kit.notebook.tables import Displayable, Sheet, table
from l3kit.operate.simulate.readings import DeviceMessage
from l3kit.providers import provider
from l3kit.tiering.counts import count_of
from l3kit.twin.device_limits import checked_device
from l3kit.twin.layout import SOURCE

if TYPE_CHECKING:
    import pandas as pd

    from l3kit.operate.simulate.publisher import Published
    from l3kit.session import Session
    from l3kit.twin.config import Twin

WAIT_SECONDS = 300.0
Message = tuple[str, str | bytes]
"""Id of the sender, and its message, sent unchanged."""


class MessageBroker(Protocol):
    """The port through which `publish` sends messages to the dispatcher."""

    def publish(self, twin_name: str, messages: Iterable[DeviceMessage], report: Callable[[Published], None]) -> int:
        """Publish in this order, and call `report` after each. Returns: the number that the broker has acknowledged.

        Raises: BrokerError; KeyboardInterrupt after the acknowledgements of what has been sent.
        """

    def wait(self, seconds: float) -> int:
        """Wait until no message is under way. Returns: the number under way after these seconds. Raises: L3Error."""


@dataclass(frozen=True, slots=True, repr=False)
class Publication(Displayable, CheckedAnswer):
    """The result of `publish`.

    Attributes:
        messages: number published, by device.
        acknowledged: number acknowledged by the broker; the others may be lost.
        under_way: messages of the sandbox neither taken nor given up when the wait ended; None: not waited.
    """

    messages: Mapping[str, int]
    acknowledged: int
    under_way: int | None

    @property
    def published(self) -> int:
        """Number of published messages."""
        return sum(self.messages.values())

    @property
    def delivered(self) -> bool:
        """True if each message is in the hot tier or in the dead letters, as far as the sandbox knows."""
        return self.acknowledged == self.published and self.under_way == 0

    def to_frame(self) -> pd.DataFrame:
        """Return the number of messages of each device."""
        import pandas as pd

        return pd.DataFrame(list(self.messages.items()), columns=["device", "messages"])

    def sheet(self) -> Sheet:
        """Return the sentence; with several devices also the messages of each."""
        return Sheet(self.summary(), (table(self.to_frame()),) if len(self.messages) > 1 else ())

    def summary(self) -> str:
        text = f"{count_of(self.published, 'message')} of {count_of(len(self.messages), 'device')} published"
        if lost := self.published - self.acknowledged:
            return f"{text}, {lost:,} of them not acknowledged"
        if self.under_way is None:
            return f"{text}, acknowledged by the broker"
        return f"{text} and delivered" if not self.under_way else f"{text}, {self.under_way:,} still under way"

    def to_json(self) -> dict[str, Any]:
        return {
            "summary": self.summary(),
            "messages": dict(self.messages),
            "acknowledged": self.acknowledged,
            "under_way": self.under_way,
        }

    def raise_if_failed(self) -> None:
        if self.acknowledged < self.published or self.under_way:
            remedy = "See `l3kit letters` and the functions' logs; messages that are published again double nothing"
            raise CheckFailedError("messages", self.summary(), remedy)


class SandboxBroker:
    """The MQTT broker of the sandbox whose gateway is at `endpoint`."""

    def __init__(self, endpoint: str) -> None:
        self._endpoint = endpoint

    def publish(self, twin_name: str, messages: Iterable[DeviceMessage], report: Callable[[Published], None]) -> int:
        from l3kit.operate.simulate.publisher import Publisher
        from l3kit.sandbox.messages.client import start_broker

        sent = list(messages)
        host, _, port = start_broker(self._endpoint).rpartition(":")
        done = Publisher((host, int(port))).run(twin_name, sent, 0, report)
        if done.published < len(sent):
            raise KeyboardInterrupt(f"{done.published:,} of {len(sent):,} messages were published")
        return done.acknowledged

    def wait(self, seconds: float) -> int:
        from l3kit.sandbox.messages.client import pending_messages, wait_until_delivered

        return 0 if wait_until_delivered(self._endpoint, seconds) else sum(pending_messages(self._endpoint).values())


def publish(
    session: Session,
    twin: Twin,
    messages: Iterable[Message],
    *,
    wait_seconds: float = WAIT_SECONDS,
    progress: Callable[[int], None] = lambda count: None,
    broker: Callable[[str], MessageBroker] = SandboxBroker,
) -> Publication:
    """Publish messages over MQTT to the twin's own topics in the sandbox, each byte for byte.

    Args:
        messages: pairs of a device's id and its message, text or bytes; unknown devices are allowed.
        wait_seconds: maximum wait until every message is in the hot tier or in the dead letters; 0: do not wait.
        progress: called with the number of messages just published.
        broker: makes the broker's client, given the address of the sandbox's gateway.
    Raises: ConfigurationError on real accounts, for a twin without a deployed message chain, and for an impossible
        device id, each before anything is published; BrokerError, for example of a message that is too large.
    """
    sent = [DeviceMessage(checked_device(device), _bytes(device, body)) for device, body in messages]
    _check_taken(session, twin)
    with session.watching_sandbox():
        client = broker(session.sandbox_endpoint)
        acknowledged = client.publish(twin.name, sent, lambda done: progress(1)) if sent else 0
        under_way = client.wait(wait_seconds) if wait_seconds > 0 else None
    return Publication(Counter(message.device_id for message in sent), acknowledged, under_way)


def _bytes(device: str, body: str | bytes) -> bytes:
    try:
        return body.encode() if isinstance(body, str) else body
    except UnicodeEncodeError:
        raise ConfigurationError(f"message of {device}", "has half of a surrogate pair", "Give it as bytes") from None


def _check_taken(session: Session, twin: Twin) -> None:
    """Check that the message chain is deployed. Raises: ConfigurationError if no function would take the messages."""
    where = f"messages of {twin.name}"
    if session.target != "sandbox":
        cause = "are published in the sandbox alone: the devices of a real account have keys of their own"
        raise ConfigurationError(where, cause, "Let a device send, or set the target sandbox")
    if not twin.config.message_chain:
        cause = "are taken by no function, since the twin has no message chain"
        raise ConfigurationError(where, cause, "Set message_chain in its config.json to true, and apply it again")
    cloud = session.cloud(twin.layout.l1)
    if cloud is None or cloud.function_variables(twin, SOURCE) is None:
        cause = f"are taken by no function, since its {SOURCE} is not deployed on {provider(twin.layout.l1).title}"
        raise ConfigurationError(where, cause, "Deploy the twin: run deploy_l3, or plan() and apply()")
