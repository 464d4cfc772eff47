"""A third-party mover that follows the seed plan: its envelopes, retries and numbering."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

Post = Callable[[dict[str, Any]], tuple[int, dict[str, Any]]]
"""Sends an envelope with the token. Returns: status and answer. Raises: ConnectionError if the answer was lost."""


class GivenUpError(Exception):
    """The writer refused, or three retries failed; unconfirmed items stay in the table."""


@dataclass
class SeedMover:
    """Moves a table's items, in the order of their `id`, to a cold writer.

    Each run queries the table, fills chunks of at most `max_bytes` across pages, numbers them from 0, sends the
    run's first and last `id` with each, and deletes a chunk's items once the writer has answered 200.
    """

    device: str
    table: dict[str, dict[str, Any]]
    max_bytes: int = 2_000
    page_items: int = 7
    sent: list[dict[str, Any]] = field(default_factory=list)

    def run(self, post: Post) -> None:
        """One scheduled run."""
        pages = list(self._pages())
        if not pages:
            return
        bounds = (pages[0][0]["id"], pages[-1][-1]["id"])
        for index, items in enumerate(self._chunks(pages)):
            self._post(post, index, bounds, items)
            for item in items:
                del self.table[item["id"]]

    def _pages(self) -> Iterator[list[dict[str, Any]]]:
        items = [self.table[key] for key in sorted(self.table)]
        for start in range(0, len(items), self.page_items):
            yield items[start : start + self.page_items]

    def _chunks(self, pages: list[list[dict[str, Any]]]) -> Iterator[list[dict[str, Any]]]:
        buffer: list[dict[str, Any]] = []
        size = 0
        for item in (item for page in pages for item in page):
            weight = len(json.dumps(item, default=str).encode())
            if buffer and size + weight > self.max_bytes:
                yield buffer
                buffer, size = [], 0
            buffer.append(item)
            size += weight
        yield buffer

    def _post(self, post: Post, index: int, bounds: tuple[str, str], items: list[dict[str, Any]]) -> None:
        envelope = {
            "iot_device_id": self.device,
            "chunk_index": index,
            "start_timestamp": bounds[0],
            "end_timestamp": bounds[1],
            "items": items,
            "source_cloud": "aws",
        }
        for _ in range(4):
            self.sent.append(envelope)
            try:
                status, answer = post(envelope)
            except ConnectionError:
                continue
            if status == 200:
                return
            if status < 500:
                raise GivenUpError(f"{status}: {answer}")
        raise GivenUpError("no answer")


def table_of(device: str, count: int) -> dict[str, dict[str, Any]]:
    """A table with items of one device, one minute apart."""
    times = [f"2024-01-01T{minute // 60:02d}:{minute % 60:02d}:00Z" for minute in range(count)]
    return {at: {"iotDeviceId": device, "id": at, "temp": minute / 4} for minute, at in enumerate(times)}
