"""Due time of a manually fired schedule."""

from __future__ import annotations

from datetime import UTC, datetime


def scheduled_time(text: str | None) -> str:
    """A time in Scheduler's format: whole seconds, UTC, Z. Raises: ValueError for an invalid ISO 8601 time."""
    moment = datetime.fromisoformat(text) if text else datetime.now(UTC)
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=UTC)
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
