"""The definitions in the package are Google's, cut to what is needed, and read only when they are."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest

from l3kit.sandbox.gcp.control.rules.documents import documents, services
from l3kit.sandbox.gcp.control.settings import PlaneSettings
from tests.programs.definitions import CALLED, FOLDER, discovered, ids, pruned, text_of
from tests.support.google_memory import MemoryEffects, memory_plane

MAX_BYTES = 200_000


@pytest.mark.parametrize("name", CALLED)
def test_definitions_are_those_of_the_packages(name: str) -> None:
    pytest.importorskip("googleapiclient", reason="google-api-python-client is in the extra `test`, not installed here")
    assert (FOLDER / f"{name}.json").read_text("utf-8") == text_of(pruned(discovered(name), CALLED[name])), (
        "make definitions writes it"
    )


def test_nothing_else_is_there_but_the_licence() -> None:
    expected = {"LICENSE", "NOTICE", *(f"{name}.json" for name in CALLED)}
    assert {path.name for path in FOLDER.iterdir()} == expected
    assert sum(path.stat().st_size for path in FOLDER.glob("*.json")) < MAX_BYTES


def test_each_method_that_is_called_is_defined_once() -> None:
    defined = [method for service in services() for d in documents(service) for method in d.methods]
    assert set(defined) == ids()
    assert len(set(defined)) == len(defined)


def test_the_double_serves_what_is_defined_but_for_contents_of_objects() -> None:
    plane = memory_plane(lambda: 0.0, MemoryEffects(), PlaneSettings())
    assert set(plane._methods) ^ ids() == {"storage.objects.insert", "storage.objects.rewrite"}


def test_no_definition_is_read_before_it_is_needed() -> None:
    code = """
import json, sys
from l3kit.sandbox.gcp import part
print(any("control.rules" in name for name in sys.modules))
from l3kit.sandbox.gcp.control.rules import Rules
from l3kit.sandbox.gcp.control.rules import documents
rules = Rules.load()
print(documents._documents.cache_info().currsize)
rules.match("iam.googleapis.com", "GET", "/v1/roles/r")
print(documents._documents.cache_info().currsize)
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert json.loads(f"[{','.join(done.stdout.lower().split())}]") == [False, 0, 1]
