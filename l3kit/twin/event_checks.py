"""Checks that the clouds of layers 1 and 2 offer what a twin's events need. No I/O."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from l3kit.providers import provider
from l3kit.tiering.stream.events import Event


def event_faults(events: Sequence[Event], l1: str, l2: str) -> tuple[str, ...]:
    """Return why these clouds cannot carry out the events, one sentence each with the entry's index and the remedy.

    Args:
        l1, l2: the clouds of the layers; the event-checker runs on `l2`.
    """
    return tuple(fault for index, event in enumerate(events) for fault in _faults(index, event, l1, l2))


def functions_by_name(events: Sequence[Event]) -> tuple[str, ...]:
    """Return the functions that the events call by name, each once; they must exist before the first item arrives."""
    return tuple(dict.fromkeys(event.call.name for event in events if event.call and event.call.name))


def needs_feedback(events: Sequence[Event]) -> bool:
    """Return whether an event sends a message to a device."""
    return any(event.reply for event in events)


def _faults(index: int, event: Event, l1: str, l2: str) -> Iterator[str]:
    where = f"config_events.json: entry {index}"
    if event.reply and not provider(l1).answers_devices:
        yield (
            f"{where}: sends feedback to a device, and layer 1 on {provider(l1).title} has no way back to one. "
            "Remove the feedback, or choose another layer_1_provider"
        )
    if event.call and event.call.name and not provider(l2).calls_by_name:
        yield (
            f"{where}: calls {event.call.name} by name, and layer 2 on {provider(l2).title} calls functions by url "
            "only. Write functionUrl instead of functionName"
        )
