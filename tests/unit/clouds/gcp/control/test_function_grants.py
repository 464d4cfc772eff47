"""What each function may do: one table; no function gets more than its work needs."""

from __future__ import annotations

import pytest

from l3kit.clouds.gcp.control.function_grants import (
    PERMISSIONS,
    Grant,
    build_roles,
    grants_of,
    held,
    purposes_of,
)
from l3kit.clouds.gcp.names import GcpNames
from l3kit.sandbox.gcp.control.permissions import KNOWN
from l3kit.tiering.settings.function_table import FUNCTIONS
from l3kit.twin.layout import CHAIN, READERS, Layout

NAMES = GcpNames("plant", "project", "us-central1")
ALL_HERE = Layout("gcp", "gcp", "gcp", l1="gcp", l2="gcp", events=True, expires=True)
BUCKET = "projects/_/buckets/" + NAMES.store("archive")


def permissions(function: str, layout: Layout, on: str) -> set[str]:
    return {one for grant in grants_of(function, layout) if grant.on == on for one in PERMISSIONS[grant.purpose]}


def test_every_permission_exists() -> None:
    assert {one for names in PERMISSIONS.values() for one in names} <= KNOWN


@pytest.mark.parametrize("reader", READERS)
def test_a_reader_only_reads_items(reader: str) -> None:
    assert grants_of(reader, ALL_HERE) == (Grant("database", "item_reader"),)


@pytest.mark.parametrize("function", [name for name in FUNCTIONS if name not in (*READERS, "hot-to-cold-mover")])
def test_only_the_mover_deletes_items(function: str) -> None:
    assert "datastore.entities.delete" not in permissions(function, ALL_HERE, "database")


@pytest.mark.parametrize("function", [*CHAIN])
def test_the_message_chain_neither_lists_nor_deletes(function: str) -> None:
    allowed = {"storage.objects.create", "storage.objects.get"}
    assert permissions(function, ALL_HERE, "letters") == (set() if function == "ingestion" else allowed)
    assert permissions(function, ALL_HERE, "cold") == permissions(function, ALL_HERE, "archive") == set()


def test_a_mover_has_nothing_on_a_tier_of_another_cloud() -> None:
    cold_apart, archive_apart = Layout("gcp", "aws", "aws"), Layout("gcp", "gcp", "aws")
    assert {grant.on for grant in grants_of("hot-to-cold-mover", cold_apart)} == {"database"}
    assert {grant.on for grant in grants_of("cold-to-archive-mover", archive_apart)} == {"cold"}
    assert permissions("persister", Layout("aws", "aws", "aws", l1="gcp", l2="gcp"), "database") == set()


def test_the_archive_writer_deletes_only_parts_and_the_expirer_everything_but_its_own() -> None:
    (parts,) = [held(one, NAMES) for one in grants_of("archive-writer", ALL_HERE) if one.purpose == "object_remover"]
    assert parts.condition == f'resource.name.startsWith("{BUCKET}/objects/_l3kit/parts/")'
    (chunks,) = [held(one, NAMES) for one in grants_of("archive-expirer", ALL_HERE) if one.purpose == "object_remover"]
    assert chunks.condition == f'!resource.name.startsWith("{BUCKET}/objects/_l3kit/")'


def test_a_role_on_the_database_is_the_projects_under_its_name() -> None:
    (role,) = [held(one, NAMES) for one in grants_of("hot-reader", ALL_HERE)]
    assert role.role == "projects/project/roles/l3kit.plant.item_reader"
    assert role.condition == 'resource.name == "projects/project/databases/l3kit-plant"'


def test_only_purposes_that_are_used_have_roles() -> None:
    assert purposes_of(("hot-reader",), ALL_HERE) == ("item_reader",)
    assert purposes_of((), ALL_HERE) == ()
    assert set(purposes_of([*FUNCTIONS], ALL_HERE)) == set(PERMISSIONS)


def test_the_account_for_builds_reads_only_sources_and_writes_images_where_no_condition_can_tell() -> None:
    found = {one.role: one.condition for one in build_roles(NAMES)}
    assert set(found) == {"roles/logging.logWriter", "roles/artifactregistry.writer", "roles/storage.objectViewer"}
    assert found["roles/artifactregistry.writer"] == ""
    assert found["roles/storage.objectViewer"] == 'resource.name.startsWith("projects/_/buckets/gcf-v2-")'
