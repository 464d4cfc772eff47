"""The functions of the message chain, built from a function's settings and its cloud's stores."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from functools import partial
from typing import TYPE_CHECKING, Any

import orjson

from l3kit.tiering.format.canary import Stop
from l3kit.tiering.format.messages import MessageRules
from l3kit.tiering.settings.function_table import peers_of
from l3kit.tiering.settings.loading import Settings
from l3kit.tiering.settings.twin_info import layer_1_is_apart
from l3kit.tiering.stream.batches import Counts
from l3kit.tiering.stream.handing_on import Next, NextCloud, NextFunction
from l3kit.tiering.stream.letters import Letters
from l3kit.tiering.stream.patience import Patience
from l3kit.tiering.stream.ports import Delivery, Feedback, Peers

if TYPE_CHECKING:  # imported by the functions that need it
    from l3kit.tiering.ports import HotStore, ObjectStore
    from l3kit.tiering.runtime.openers import Openers
    from l3kit.tiering.runtime.senders import Senders
    from l3kit.tiering.stream.event_checker import EventChecker
    from l3kit.tiering.stream.events import Event
    from l3kit.tiering.stream.hot_writing import HotWriting
    from l3kit.tiering.stream.persister import Persister
    from l3kit.tiering.stream.processor_step import ProcessorStep
    from l3kit.tiering.stream.relay import Relay
    from l3kit.tiering.transfer.receiver import Receiver

Clock = Callable[[], datetime]


def utc_now() -> datetime:
    return datetime.now(UTC)


class Chain:
    """One function of the chain. Stores and connections are opened on use, and stay open between invocations.

    Args:
        clock: wall clock, UTC.
        senders: to the next cloud; None opens them on use.
    """

    def __init__(
        self, settings: Settings, openers: Openers, clock: Clock = utc_now, senders: Senders | None = None
    ) -> None:
        self._settings = settings
        self._openers = openers
        self._clock = clock
        self._rules = replace(MessageRules.of(settings.twin), stop=Stop(settings.function, settings.provider))
        self._kept: dict[str, Any] = {} if senders is None else {"senders": senders}
        self._letters_stored = 0

    def take_letter_count(self) -> int:
        """Return how many dead letters were stored since it was last asked."""
        count, self._letters_stored = self._letters_stored, 0
        return count

    async def dispatch(self, deliveries: Sequence[Delivery], remaining: Callable[[], float]) -> Counts:
        """Handle the messages of a source.

        Args:
            remaining: seconds until the cloud ends the function.
        Raises: L3Error, so that the source delivers all of it again.
        """
        from l3kit.tiering.stream.dispatcher import Dispatcher

        patience = Patience.of(remaining)
        following = self._next_function(self._only_peer())
        async with patience.limit(self._settings.function):
            return await Dispatcher(self._rules, self._letters, following, self._clock).dispatch(deliveries)

    async def step(self, event: bytes, remaining: Callable[[], float]) -> bytes:
        """Handle a call of another function. Raises: L3Error; the caller may call again.

        Args:
            event: JSON: a message, a list of messages, or an object with `messages`.
            remaining: seconds until the cloud ends the function.
        Returns: JSON: the counts.
        """
        patience = Patience.of(remaining)
        async with patience.limit(self._settings.function):
            return orjson.dumps((await self._step(patience).handle(event)).to_json())

    def receiver(self) -> Receiver:
        """The receiver of requests from another cloud: ingestion, hot writer, or feedback receiver."""
        settings = self._settings
        if settings.function == "feedback-receiver":
            return self._feedback_receiver()
        from l3kit.tiering.stream.receiving import MessageReceiver

        following = self._hot_writing() if "hot" in settings.stores else self._next_function(self._only_peer())
        return MessageReceiver(
            following,
            self._rules,
            f"/{settings.function}",
            settings.token,
            former=settings.former,
            auth=settings.auth,
            clock=self._clock,
        )

    def _feedback_receiver(self) -> Receiver:
        from l3kit.tiering.stream.feedback_receiving import FeedbackReceiver

        settings = self._settings
        return FeedbackReceiver(
            self._feedback,
            self._rules,
            f"/{settings.function}",
            settings.token,
            former=settings.former,
            auth=settings.auth,
            clock=self._clock,
        )

    def _step(self, patience: Patience) -> Relay | ProcessorStep | Persister | EventChecker:
        function = self._settings.function
        if function == "default-processor":
            return self._processor(patience)
        if function == "persister":
            return self._persister(patience)
        if function == "event-checker":
            return self._event_checker(patience)
        from l3kit.tiering.stream.relay import Relay

        following = self._next_cloud(patience) if function == "connector" else self._next_function(self._only_peer())
        return Relay(self._rules, self._letters, following, self._clock)

    def _processor(self, patience: Patience) -> ProcessorStep:
        from l3kit.tiering.stream.processor_process import ProcessorPool
        from l3kit.tiering.stream.processor_step import ProcessorStep

        processors: ProcessorPool = self._keep("processors", lambda: ProcessorPool.packed_in(self._settings.root))
        following = self._next_function(self._only_peer())
        return ProcessorStep(self._rules, self._letters, processors, following, patience, self._clock)

    def _persister(self, patience: Patience) -> Persister:
        from l3kit.tiering.stream.persister import CHECKER, EventCalls, Persister

        settings = self._settings
        tier: Next = self._next_cloud(patience) if settings.remote_url else self._hot_writing()
        calls = (
            EventCalls(self._peers, self._letters, settings.provider, patience) if CHECKER in settings.peers else None
        )
        return Persister(self._rules, self._letters, tier, calls, self._clock)

    def _event_checker(self, patience: Patience) -> EventChecker:
        from l3kit.tiering.stream.action_calls import ActionCalls
        from l3kit.tiering.stream.event_checker import EventChecker
        from l3kit.tiering.stream.events import events_of

        events: tuple[Event, ...] = self._keep("events", lambda: events_of(self._settings.twin))
        names = {event.call.name: event.call.name for event in events if event.call and event.call.name}
        calls = ActionCalls(lambda: self._keep("named", lambda: self._openers.peers(names)))
        feedback = partial(self._feedback_abroad, patience) if self._settings.remote_url else self._feedback
        return EventChecker(self._rules, self._letters, events, calls.call, feedback, self._clock)

    def _only_peer(self) -> str:
        settings = self._settings
        apart = settings.function == "dispatcher" and layer_1_is_apart(settings.twin)
        (peer,) = peers_of(settings.function, l1_apart=apart, events=False)
        return peer

    def _next_function(self, function: str) -> NextFunction:
        return NextFunction(self._peers, function, self._settings.provider)

    def _next_cloud(self, patience: Patience) -> NextCloud:
        settings = self._settings
        senders: Senders = self._keep("senders", self._senders)
        return NextCloud(lambda: senders.open(patience), settings.receiver_limit, self._letters, settings.provider)

    def _hot_writing(self) -> HotWriting:
        from l3kit.tiering.stream.hot_writing import HotWriting

        hot: HotStore = self._keep("hot", lambda: self._openers.hot(self._settings.stores["hot"]))
        return HotWriting(lambda item: hot, self._letters)

    def _senders(self) -> Senders:
        from l3kit.tiering.runtime.senders import Senders

        return Senders(self._settings)

    @property
    def _letters(self) -> Letters:
        store: ObjectStore = self._keep(
            "letters", lambda: self._openers.objects(self._settings.stores["letters"], "letters")
        )
        return Letters(store, self._settings.function, self._clock, self._count_letters)

    def _count_letters(self, count: int) -> None:
        self._letters_stored += count

    @property
    def _peers(self) -> Peers:
        peers: Peers = self._keep("peers", lambda: self._openers.peers(self._settings.peers))
        return peers

    def _feedback_abroad(self, patience: Patience) -> Feedback:
        """The way back to the devices of another cloud, for the actions of one invocation."""
        from l3kit.tiering.stream.event_checker import ACTION_SECONDS
        from l3kit.tiering.stream.feedback_sending import RemoteFeedback

        settings = self._settings
        senders: Senders = self._keep("senders", self._senders)
        action = patience.at_most(ACTION_SECONDS)
        return RemoteFeedback(lambda: senders.open(action), settings.receiver_limit, settings.provider)

    def _feedback(self) -> Feedback:
        feedback: Feedback = self._keep("feedback", lambda: self._openers.feedback(self._settings.twin.name))
        return feedback

    def _keep(self, name: str, open_it: Callable[[], Any]) -> Any:
        if name not in self._kept:
            self._kept[name] = open_it()
        return self._kept[name]
