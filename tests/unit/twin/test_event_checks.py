"""Events that the clouds of layers 1 and 2 cannot carry out are found by the plan."""

from __future__ import annotations

import pytest

from l3kit.tiering.stream.events import parse_events
from l3kit.twin.event_checks import event_faults, functions_by_name, needs_feedback

ENTRIES = [
    {"condition": "p.d.t > DOUBLE(1)", "action": {"type": "feedback", "payload": "off"}},
    {"condition": "p.d.t > DOUBLE(1)", "action": {"type": "function", "functionName": "alarm"}},
    {"condition": "p.d.t > DOUBLE(2)", "action": {"type": "lambda", "functionName": "alarm"}},
    {"condition": "p.d.t > DOUBLE(1)", "action": {"type": "function", "functionUrl": "https://example.org/"}},
]
EVENTS, _ = parse_events(ENTRIES, {"d"})


@pytest.mark.parametrize(
    ("l1", "l2", "parts"),
    [
        ("aws", "aws", []),
        ("azure", "azure", ["entry 1: calls alarm by name", "entry 2: calls alarm by name"]),
        ("gcp", "gcp", ["entry 0: sends feedback to a device, and layer 1 on Google Cloud", "entry 1", "entry 2"]),
        ("azure", "aws", []),
        ("gcp", "aws", ["entry 0: sends feedback to a device, and layer 1 on Google Cloud has no way back"]),
    ],
)
def test_each_event_that_a_cloud_cannot_carry_out_is_named_with_the_reason(l1: str, l2: str, parts: list[str]) -> None:
    faults = event_faults(EVENTS, l1, l2)
    assert len(faults) == len(parts)
    assert all(part in fault for part, fault in zip(parts, faults, strict=True))


def test_what_must_be_there_is_listed_once() -> None:
    assert functions_by_name(EVENTS) == ("alarm",)
    assert needs_feedback(EVENTS)
    assert not needs_feedback(EVENTS[1:])
