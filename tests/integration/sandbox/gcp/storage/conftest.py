"""The sandbox's Cloud Storage server, tested with Google's unmodified client over a real socket.

The cases also hold for the real service. `L3KIT_FOREIGN_GCS=http://127.0.0.1:PORT` runs them against another server.
The unmodified gcp-storage-emulator 2026.7.19 fails 55 of 72 (`python -m tests.programs.foreign_servers`): all
preconditions on the generation (uploads, resumable uploads, rewrites, deletes, reads) and therefore all races; page
sizes and page tokens; storage classes (of a bucket, changed by a rewrite, unknown); names with % or ?, forbidden names;
checksums in headers and at the end of a resumable upload; ranges beyond the end; encodings other than gzip, and
decompression of gzip; pieces of resumable uploads; public access prevention.
"""

from __future__ import annotations

import os
import uuid
from collections.abc import Iterator

import pytest
from google.cloud import storage

from tests.conformance.gcs_backend import gcs_server, unchanged_client


@pytest.fixture(scope="module")
def address(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Address of the server under test."""
    foreign = os.environ.get("L3KIT_FOREIGN_GCS")
    if foreign:
        yield foreign.rstrip("/")
    else:
        with gcs_server(tmp_path_factory.mktemp("gcs")) as own:
            yield own


@pytest.fixture
def client(address: str) -> Iterator[storage.Client]:
    with unchanged_client(address) as made:
        yield made


@pytest.fixture
def bucket(client: storage.Client) -> storage.Bucket:
    return client.create_bucket(f"case-{uuid.uuid4().hex[:16]}")
