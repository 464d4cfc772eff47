"""Rules for object metadata that every cloud can store. No I/O."""

from __future__ import annotations

import re
from collections.abc import Mapping
from urllib.parse import quote

MAX_METADATA_BYTES = 1800
"""Limit for names and percent-encoded values together; S3 allows 2,048 including the digest."""
MAX_METADATA_NAMES = 64
"""Each name is a separate header: S3 allows 8 KiB of them including prefixes, servers about a hundred."""
_NAME = re.compile(r"[a-z0-9!#$&'*+.^_`|~-]{1,64}")
_VALUE = re.compile(r"[^\x00-\x20\x7f](?:[^\x00-\x1f\x7f]*[^\x00-\x20\x7f])?")


def metadata_fault(name: str, text: object) -> str | None:
    """The reason why a cloud would refuse this metadata entry; None if all accept it."""
    if not _NAME.fullmatch(name):
        return f"the name {name[:64]!r} is not a header name in lower case"
    if not isinstance(text, str) or not _VALUE.fullmatch(text):
        return f"{name!r} must be text without control characters, not empty, no blanks around"
    return None


def amount_fault(metadata: Mapping[str, str]) -> str | None:
    """The reason why this is too much metadata for one object; None if it is not."""
    if len(metadata) > MAX_METADATA_NAMES:
        return f"has more than {MAX_METADATA_NAMES} names"
    if sum(len(name) + len(quote(text)) for name, text in metadata.items()) > MAX_METADATA_BYTES:
        return f"is longer than {MAX_METADATA_BYTES} bytes"
    return None


def sendable_metadata(metadata: Mapping[str, str]) -> dict[str, str]:
    """The part of an object's metadata that a receiver accepts, without the digest, which has its own field."""
    chosen: dict[str, str] = {}
    for name, text in metadata.items():
        candidate = chosen | {name: text}
        if name != "sha256" and not metadata_fault(name, text) and not amount_fault(candidate):
            chosen = candidate
    return chosen
