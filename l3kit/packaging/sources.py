"""Package a function for Azure or Google Cloud as a zip of sources; their builders install its requirements.txt."""

from __future__ import annotations

import importlib.metadata
import re
from collections.abc import Mapping
from functools import cache

from l3kit.errors import ProvisioningError
from l3kit.packaging.shipped import shipped
from l3kit.packaging.wheels import sources, write_zip
from l3kit.providers import provider as cloud_named


def pack_sources(provider: str, function: str, files: Mapping[str, bytes] | None = None) -> bytes:
    """Build the zip; the same input gives the same bytes.

    Args:
        files: further files at its top level, e.g. the twin's info if it does not fit into the settings.
    Raises: ProvisioningError if the checkout is incomplete.
    """
    content = {name: path.read_bytes() for name, path in sources(provider, function)}
    content["requirements.txt"] = requirements(provider).encode()
    content["constraints.txt"] = _constraints()
    content |= cloud_named(provider).packed
    content |= files or {}
    return write_zip(content)


@cache
def requirements(provider: str) -> str:
    """Return a function's requirements: l3kit's own, and those of the extra for its functions, pinned."""
    wanted = []
    for text in importlib.metadata.requires("l3kit") or []:
        requirement, _, marker = text.partition(";")
        if not marker or re.search(rf"extra == ['\"]{provider}-function['\"]", marker):
            wanted.append(requirement.strip())
    return "\n".join(["-c constraints.txt", *sorted(wanted), ""])


def _constraints() -> bytes:
    path = shipped("constraints.txt")
    if not path.exists():
        raise ProvisioningError(
            "constraints.txt", "is missing", "Install l3kit again, or deploy from a complete checkout"
        )
    return path.read_bytes()
