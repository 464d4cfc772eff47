"""Errors: every kind is told as resource, cause and remedy, in a terminal and in Jupyter."""

from __future__ import annotations

import inspect

import pytest

from l3kit import errors
from l3kit.errors import ChunkRefusedError, ConfigurationError, KeyConflictError, L3Error, TransferError

KINDS = [kind for _, kind in inspect.getmembers(errors, inspect.isclass) if issubclass(kind, L3Error)]


@pytest.mark.parametrize("kind", KINDS)
def test_every_error_tells_what_why_and_what_to_do(kind: type[L3Error]) -> None:
    assert str(kind("table t", "is gone", "Run deploy_l3")) == "table t: is gone. Run deploy_l3"
    without = kind("table t", "is gone")
    assert (str(without), without.remedy) == ("table t: is gone", "")


def test_jupyter_shows_the_message_and_notes_in_place_of_a_traceback() -> None:
    error = ConfigurationError("config.json", "is not JSON")
    error.add_note("3 rows are done")
    assert error._render_traceback_() == ["ConfigurationError: config.json: is not JSON", "3 rows are done"]


def test_a_refusal_keeps_what_a_caller_decides_by() -> None:
    assert ChunkRefusedError("k", "c", index=0).index == 0
    assert KeyConflictError("k", "c", existing_sha256="f").existing_sha256 == "f"
    refused = TransferError("k", "c", status=400, field="items", index=2)
    assert (refused.status, refused.field, refused.index) == (400, "items", 2)
