"""Firestore-only value types, which third-party items may contain and chunks keep as tagged values."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from typing import Any

import orjson

from l3kit.errors import ItemRefusedError

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_TIMESTAMP = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z")
_REFERENCE = re.compile(r"projects/[^/]+/databases/[^/]+/documents(/[^/]+/[^/]+)+")


def plain(value: Any, kind: str) -> dict[str, Any]:
    """Convert a value to its tagged form. Raises: ItemRefusedError for a type that has none."""
    if kind == "timestamp_value":
        stamp = value.timestamp_value
        moment = _EPOCH + timedelta(seconds=stamp.seconds, microseconds=stamp.nanos // 1000)
        return {"$timestamp": moment.strftime("%Y-%m-%dT%H:%M:%S.%fZ").rjust(27, "0")}
    if kind == "geo_point_value":
        return {"$geoPoint": [value.geo_point_value.latitude, value.geo_point_value.longitude]}
    if kind == "reference_value":
        return {"$reference": value.reference_value}
    raise ItemRefusedError("item", f"has a value of the unknown type {kind}")


def fill(target: Any, tag: str, content: Any) -> bool:
    """The inverse of `plain`, with numbers as text in `content`; False if the content is not in that form."""
    try:
        if tag == "$timestamp":
            _fill_timestamp(target.timestamp_value, content)
        elif tag == "$geoPoint":
            latitude, longitude = content
            target.geo_point_value.latitude = _exact(latitude)
            target.geo_point_value.longitude = _exact(longitude)
        elif _REFERENCE.fullmatch(content):
            target.reference_value = content
        else:
            return False
    except (ValueError, TypeError):
        return False
    return True


def _exact(digits: str) -> float:
    number = float(digits)
    if type(digits) is str or orjson.dumps(number) != digits.encode():  # text, or digits that a double would change
        raise ValueError(digits)
    return number


def _fill_timestamp(stamp: Any, text: str) -> None:
    if not _TIMESTAMP.fullmatch(text):
        raise ValueError(text)
    since = datetime.fromisoformat(text) - _EPOCH
    stamp.seconds = since.days * 86400 + since.seconds
    stamp.nanos = since.microseconds * 1000
