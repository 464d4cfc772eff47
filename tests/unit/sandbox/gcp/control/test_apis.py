"""All methods of the APIs: served, and judged."""

from __future__ import annotations

import json

import pytest

from l3kit.sandbox.gcp.control.calls import Method
from l3kit.sandbox.gcp.control.permissions import KNOWN
from tests.programs.definitions import ids
from tests.support.google_plane import Google

UNSERVED = {"storage.objects.insert", "storage.objects.rewrite"}
"""Methods that l3kit calls, which are served where the data is."""
UNJUDGED = {"iam.roles.get", "serviceusage.operations.get"}
"""Methods that need no permission in the project: Google's own roles, and operations whose names nobody can guess."""
FREE = (".testIamPermissions",)
"""Endings of methods that anybody may call, who then hears of his own permissions only."""


def methods(google: Google) -> dict[str, Method]:
    return dict(google.plane._apis.methods())


def test_every_method_that_l3kit_calls_is_served(google: Google) -> None:
    assert ids() - set(methods(google)) == UNSERVED


def test_every_method_needs_a_permission_that_there_is(google: Google) -> None:
    judged = {name: one.permission for name, one in methods(google).items() if not name.endswith(FREE)}
    assert {name for name, permission in judged.items() if not permission} == UNJUDGED
    assert set(judged.values()) - {""} <= KNOWN


def test_a_method_that_is_not_served_says_so(google: Google) -> None:
    google.post("storage", "storage/v1/b", {"name": "some-bucket"}, project="memory-project")
    path = "storage/v1/b/some-bucket/o/a/rewriteTo/b/some-bucket/o/b"
    refused = google.refused("POST", "storage", path, {})
    assert (refused.status, "l3kit sandbox" in refused.message) == (501, True)


@pytest.mark.parametrize("secret", ["token-of:", "Signature="])
def test_a_plane_shows_no_token_of_its_callers(google: Google, secret: str) -> None:
    google.function_is_there()
    google.post("storage", "storage/v1/b", {"name": "some-bucket"}, project="memory-project")
    shown = [
        google.get("storage", "storage/v1/b", project="memory-project"),
        google.get("cloudfunctions", "v2/projects/memory-project/locations/us-central1/functions"),
        google.get("run", "v2/projects/memory-project/locations/us-central1/services"),
    ]
    assert secret not in json.dumps(shown) + repr(google.plane._apis.uploads) + repr(google.plane._apis.functions)
