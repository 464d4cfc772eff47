from __future__ import annotations

import pytest

from l3kit.sandbox.messages.topics import matches, problem_with_filter


@pytest.mark.parametrize(
    ("topic_filter", "topic", "expected"),
    [
        ("a/+/telemetry", "a/b/telemetry", True),
        ("a/+/telemetry", "a//telemetry", True),
        ("a/+/telemetry", "a/b/c/telemetry", False),
        ("a/+/telemetry", "b/b/telemetry", False),
        ("a/#", "a", True),
        ("a/#", "a/b/c", True),
        ("a/b/#", "a", False),
        ("#", "a/b", True),
        ("#", "$SYS/a", False),
        ("+/a", "$SYS/a", False),
        ("a", "a/", False),
    ],
)
def test_matching_follows_mqtts_rules(topic_filter: str, topic: str, expected: bool) -> None:
    assert matches(topic_filter, topic) is expected


@pytest.mark.parametrize("text", ["", "a+/b", "a/#/b", "a/b#", "\0", "x" * 257])
def test_an_invalid_filter_is_told(text: str) -> None:
    assert problem_with_filter(text)


@pytest.mark.parametrize("text", ["a/+/telemetry", "#", "+", "a/b/#", "x" * 256])
def test_a_valid_filter_has_no_problem(text: str) -> None:
    assert problem_with_filter(text) == ""
