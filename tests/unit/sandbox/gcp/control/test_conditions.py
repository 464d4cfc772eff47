"""The part of CEL in which conditions are written."""

from __future__ import annotations

import pytest

from l3kit.sandbox.gcp.control.conditions import ExpressionError, Resource, holds, parsed
from l3kit.sandbox.gcp.control.iam import seen_by_conditions

DATABASE = Resource("projects/p/databases/d", "firestore.googleapis.com/Database", "firestore.googleapis.com")


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        ('resource.name == "projects/p/databases/d"', True),
        ("resource.name == 'projects/p/databases/d'", True),
        ('resource.name != "projects/p/databases/d"', False),
        ('resource.name.startsWith("projects/p/databases/")', True),
        ('resource.name.endsWith("/e")', False),
        ('resource.type == "firestore.googleapis.com/Database" && resource.name == "projects/p/databases/e"', False),
        ('resource.service == "storage.googleapis.com" || resource.name.endsWith("/d")', True),
        ('!(resource.name.startsWith("projects/p") && resource.name.endsWith("d"))', False),
        ('! resource.name.startsWith("projects/q")', True),
        ('request.time < timestamp("2030-01-01T00:00:00Z")', True),
        ('request.time >= timestamp("2030-01-01T00:00:00Z")', False),
        ("true", True),
    ],
)
def test_an_expression_is_judged_by_the_resource_and_the_time(expression: str, expected: bool) -> None:
    assert holds(expression, DATABASE, 1_800_000_000.0) is expected


@pytest.mark.parametrize(
    "expression",
    [
        "",
        "resource.name",
        "resource.name ==",
        'resource.name == "a" &&',
        'resource.colour == "blue"',
        "resource.name == 5",
        "resource.name.startsWith()",
        'request.time < "2030"',
        'request.time < timestamp("soon")',
        '(resource.name == "a"',
        'resource.name == "a" resource.name == "b"',
        'resource.name < "a"',
        " || ".join(['resource.name == "a"'] * 14),
    ],
)
def test_what_iam_would_refuse_is_no_expression(expression: str) -> None:
    with pytest.raises(ExpressionError):
        parsed(expression)


@pytest.mark.parametrize(
    ("name", "seen", "kind"),
    [
        ("projects/_/buckets/b/objects/a/c", "projects/_/buckets/b/objects/a/c", "storage.googleapis.com/Object"),
        ("projects/_/buckets/b", "projects/_/buckets/b", "storage.googleapis.com/Bucket"),
        ("projects/p/databases/d/documents/a/b", "projects/p/databases/d", "firestore.googleapis.com/Database"),
        ("projects/p/locations/r/services/s", "projects/p/locations/r/services/s", "run.googleapis.com/Service"),
        ("projects/p", "projects/p", "cloudresourcemanager.googleapis.com/Project"),
        ("nothing", "nothing", ""),
    ],
)
def test_conditions_see_a_resource_of_its_kind(name: str, seen: str, kind: str) -> None:
    found = seen_by_conditions(name)
    assert (found.name, found.type) == (seen, kind)
