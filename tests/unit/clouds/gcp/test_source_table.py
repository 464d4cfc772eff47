"""What a collection tells of itself before it is read."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

from l3kit.clouds.gcp.source_table import FirestoreSource
from l3kit.operate.coroutines import run


def source() -> FirestoreSource:
    client: Any = SimpleNamespace(usage=None, documents="projects/p/databases/d/documents")
    return FirestoreSource(client, ("plants", "one", "readings"))


def test_a_collection_that_is_filled_again_keeps_its_identity_which_is_said() -> None:
    first, again = run(source().facts()), run(source().facts())
    assert first.identity == again.identity == "projects/p/databases/d/documents/plants/one/readings"
    assert "has been refilled" in first.unverified
    assert "--restart" in first.unverified
