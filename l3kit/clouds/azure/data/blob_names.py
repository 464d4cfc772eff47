"""Azure's rules for blob names and for metadata names, which must be C# identifiers. No I/O."""

from __future__ import annotations

import re
from collections.abc import Mapping
from urllib.parse import quote, unquote

MAX_CHARACTERS = 1024
MAX_SEGMENTS = 254
_ESCAPE = re.compile(r"_([0-9a-f]{2})")


def key_fault(key: str) -> str | None:
    """The reason why this is not a valid blob name; None if it is.

    Source: "Naming and referencing containers, blobs, and metadata" in the documentation of Azure Blob Storage.
    """
    if not 1 <= len(key.encode("utf-16-le")) // 2 <= MAX_CHARACTERS:
        return f"Azure takes names of 1 to {MAX_CHARACTERS:,} characters"
    if "\\" in key:
        return "Azure turns a backslash into a slash"
    segments = key.split("/")
    if len(segments) > MAX_SEGMENTS:
        return f"Azure takes at most {MAX_SEGMENTS} parts between slashes"
    if any(segment.endswith(".") for segment in segments):
        return "Azure drops a dot at the end of a part between slashes"
    if key.endswith("/"):
        return "Azure drops a slash at the end"
    if any(character < " " or "\x7f" <= character <= "\x9f" for character in key):
        return "Azure takes no control characters"
    if any(character in "\ufffe\uffff" for character in key):
        return "Azure's listings, which are XML, cannot hold U+FFFE and U+FFFF"
    return None


def to_azure(metadata: Mapping[str, str]) -> dict[str, str]:
    """Encode metadata for Azure: names of a-z, 0-9 and `_xx` for any other character, values percent-encoded."""
    return {_name(name): quote(value, safe=" -_.~/:+=,") for name, value in metadata.items()}


def from_azure(metadata: Mapping[str, str]) -> dict[str, str]:
    """The inverse of `to_azure`."""
    return {
        _ESCAPE.sub(lambda escape: chr(int(escape[1], 16)), name.lower()): unquote(value)
        for name, value in metadata.items()
    }


def _name(name: str) -> str:
    escaped = re.sub(r"[^a-z0-9]", lambda other: f"_{ord(other[0]):02x}", name)
    return f"_{ord(escaped[0]):02x}{escaped[1:]}" if escaped[0].isdigit() else escaped
