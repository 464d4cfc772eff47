"""Naming rules for a twin's resources on every cloud: the same twin always gets the same names."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping

from l3kit.errors import ConfigurationError
from l3kit.tiering.settings.function_table import StoreName

TWIN_NAME = re.compile(r"[a-z][a-z0-9]*(-[a-z0-9]+)*")
"""Lower case, digits and single dashes: allowed by every cloud for buckets, functions and roles."""
MAX_TWIN_NAME = 28
"""Characters; leaves room for `-archive-iot-data-` and the suffix in a bucket's 63, and the longest function's 64."""
BUCKET_SUFFIX = 8

TAG_TWIN = "l3kit:twin"
"""Ownership tag of a twin's resources."""
LABEL_TWIN = "l3kit-twin"
"""`TAG_TWIN` in the characters that Google Cloud's labels allow."""


def check_twin_name(name: str) -> str:
    """Return the name. Raises: ConfigurationError if some cloud would refuse a name derived from it."""
    if len(name) > MAX_TWIN_NAME or not TWIN_NAME.fullmatch(name):
        raise ConfigurationError(
            f"digital_twin_name {name!r}",
            f"must be 1 to {MAX_TWIN_NAME} lower-case letters, digits and single dashes, beginning with a letter",
            "Rename the twin",
        )
    return name


def function_name(twin_name: str, function: str) -> str:
    """Return a function's name before a cloud's limit is applied.

    The hot tier's `writer` is called `hot-writer` there: with its own name, that of a twin `plant-cold` would be named
    like the cold writer of a twin `plant`.
    """
    return f"{twin_name}-{'hot-writer' if function == 'writer' else function}"


STORE_NAMES: Mapping[StoreName, str] = {
    "hot": "hot-iot-data",
    "journal": "journal",
    "cold": "cold-iot-data",
    "archive": "archive-iot-data",
    "letters": "dead-letters",
}


def limited(name: str, limit: int) -> str:
    """Truncate a name that is too long and append a digest, so that two names never become one."""
    if len(name) <= limit:
        return name
    return f"{name[: limit - 9].rstrip('-')}-{digest(name, 8)}"


def digest(text: str, length: int) -> str:
    return hashlib.sha256(text.encode()).hexdigest()[:length]
