"""Which metadata can travel with an object to every cloud. Pure; no I/O."""

from __future__ import annotations

import re
from collections.abc import Mapping
from urllib.parse import quote

MAX_METADATA_BYTES = 1800
"""Of an object's metadata, names and percent-encoded values together; S3 ends at 2,048 with the digest."""
MAX_METADATA_NAMES = 64
"""Each name is a header of its own: S3 ends at 8 KiB of them, prefixes counted, and servers at about a hundred."""
_NAME = re.compile(r"[a-z0-9!#$&'*+.^_`|~-]{1,64}")
_VALUE = re.compile(r"[^\x00-\x20\x7f](?:[^\x00-\x1f\x7f]*[^\x00-\x20\x7f])?")


def metadata_fault(name: str, text: object) -> str | None:
    """Why this cannot be an object's metadata on every cloud; None where it can."""
    if not _NAME.fullmatch(name):
        return f"the name {name[:64]!r} is not a header name in lower case"
    if not isinstance(text, str) or not _VALUE.fullmatch(text):
        return f"{name!r} must be text without control characters, not empty, no blanks around"
    return None


def amount_fault(metadata: Mapping[str, str]) -> str | None:
    """Why this is too much for one object; None where it is not."""
    if len(metadata) > MAX_METADATA_NAMES:
        return f"has more than {MAX_METADATA_NAMES} names"
    if sum(len(name) + len(quote(text)) for name, text in metadata.items()) > MAX_METADATA_BYTES:
        return f"is longer than {MAX_METADATA_BYTES} bytes"
    return None


def sendable_metadata(metadata: Mapping[str, str]) -> dict[str, str]:
    """What of an object's metadata a receiver takes; the digest goes by its own field. Others' oddities stay behind."""
    chosen: dict[str, str] = {}
    for name, text in metadata.items():
        candidate = chosen | {name: text}
        if name != "sha256" and not metadata_fault(name, text) and not amount_fault(candidate):
            chosen = candidate
    return chosen
