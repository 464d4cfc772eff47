"""Calls of the cold writer and the archive writer as Lambda makes them."""

from __future__ import annotations

import hashlib
import json
from typing import Any

from l3kit.errors import StoreError
from tests.support import envelopes
from tests.support.lambda_calls import Cloud, told, url_event
from tests.support.memory_stores import MemoryObjectStore
from tests.support.wire_server import item

KEY = "sensor-1/2024-01-01T00:00:00Z-2024-01-01T00:02:00Z/chunk-00000.json"


def envelope(**changes: Any) -> dict[str, Any]:
    """What the seed's mover sends; `...` removes a field."""
    fields = {
        "iot_device_id": "sensor-1",
        "chunk_index": 0,
        "start_timestamp": "2024-01-01T00:00:00Z",
        "end_timestamp": "2024-01-01T00:02:00Z",
        "items": [item(0), item(1), item(2)],
        "source_cloud": "azure",
        **changes,
    }
    return {name: value for name, value in fields.items() if value is not ...}


def post_cold(cloud: Cloud, body: Any, **how: Any) -> tuple[int, dict[str, Any]]:
    return told(cloud.call("cold-writer", url_event(body, **how)))


class Broken(MemoryObjectStore):
    """Every call fails, with internals in the message."""

    async def create(self, key: str, body: bytes, **more: Any) -> Any:
        raise StoreError("s3://secret-bucket", "InternalError from 10.0.0.7", "Ask AWS")


BODY = json.dumps([item(n, text="传感器") for n in range(40)], ensure_ascii=False).encode()
SHA256 = hashlib.sha256(BODY).hexdigest()


def parcel(**changes: Any) -> dict[str, Any]:
    """What the seed's mover sends of a whole object; `...` removes a field."""
    numbers = {"is_multipart": False, "part_number": 1, "total_parts": 1}
    return envelopes.parcel(
        KEY, **{"data": BODY.decode(), "source_cloud": "gcp", "metadata": ..., **numbers, **changes}
    )


def parts_of(body: bytes = BODY, count: int = 4, **changes: Any) -> list[dict[str, Any]]:
    return envelopes.parts_of(KEY, body, count, **{"source_cloud": "gcp", "metadata": ..., **changes})


def post_archive(cloud: Cloud, body: Any, **how: Any) -> tuple[int, dict[str, Any]]:
    return told(cloud.call("archive-writer", url_event(body, **how)))
