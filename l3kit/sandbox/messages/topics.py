"""MQTT topics and topic filters. No I/O."""

from __future__ import annotations

MAX_TOPIC_BYTES = 256
"""Maximum size of a topic on IoT Core (AWS IoT Core quotas, topic size)."""


def problem_with_filter(text: str) -> str:
    """Return the problem with a topic filter, as a clause; "" if it is valid (MQTT 3.1.1, section 4.7.1)."""
    if not text or "\0" in text:
        return "it is empty, or holds a zero character"
    if len(text.encode()) > MAX_TOPIC_BYTES:
        return f"it has more than {MAX_TOPIC_BYTES} bytes"
    levels = text.split("/")
    if any("+" in level and level != "+" for level in levels):
        return "+ must stand for a whole level"
    if any("#" in level for level in levels[:-1]) or ("#" in levels[-1] and levels[-1] != "#"):
        return "# must be the whole last level"
    return ""


def matches(topic_filter: str, topic: str) -> bool:
    """Return whether a topic matches a filter."""
    wanted, given = topic_filter.split("/"), topic.split("/")
    if given[0].startswith("$") and wanted[0] in ("+", "#"):
        return False
    if wanted[-1] == "#":
        wanted = wanted[:-1]
        if len(given) < len(wanted):
            return False
        given = given[: len(wanted)]
    return len(wanted) == len(given) and all(one in ("+", other) for one, other in zip(wanted, given, strict=True))
