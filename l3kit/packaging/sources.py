"""Package a function for Azure or Google Cloud as a zip of sources; their builders install its requirements.txt.

That file is the lock file of the cloud's functions. pip, which both builders run, refuses packages whose hash is not in
it.
"""

from __future__ import annotations

from collections.abc import Mapping

from l3kit.packaging.wheels import lock_of, packed_sources, write_zip
from l3kit.providers import provider as cloud_named


def pack_sources(provider: str, function: str, files: Mapping[str, bytes] | None = None) -> bytes:
    """Build the zip; the same input gives the same bytes.

    Args:
        files: further files at its top level, e.g. the twin's info if it does not fit into the settings.
    Raises: ProvisioningError if the installation is incomplete.
    """
    content = packed_sources(provider, function)
    content["requirements.txt"] = lock_of(provider).read_bytes()
    content |= cloud_named(provider).packed
    content |= files or {}
    return write_zip(content)
