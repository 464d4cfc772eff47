"""A twin's resources on a project: which, for which layout, and that none is forgotten at its removal."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pytest

from l3kit.clouds.gcp.control.provisioner import ACCOUNT_PYTHON, GcpProvisioner
from l3kit.clouds.ports.resources import Resource
from l3kit.clouds.shared.cloud_function import CloudFunction
from l3kit.twin.layout import ORDER, STORED
from tests.support.control_plane import Cloud
from tests.support.deployed import links_of
from tests.support.twins import twin_on


def provisioner(
    folder: Path, cloud: Cloud, layout: Sequence[str] = ("gcp", "gcp", "gcp"), chain: tuple[str, str] | None = None
) -> GcpProvisioner:
    twin = twin_on(folder, *layout, chain=chain)
    return GcpProvisioner(twin, cloud.session(), links_of(twin))


def keys(resources: Sequence[Resource]) -> list[tuple[str, str]]:
    return [(one.kind, one.name) for one in resources]


def function(one: GcpProvisioner, name: str) -> CloudFunction:
    (found,) = (part for part in one.function_parts(name, tuple) if isinstance(part, CloudFunction))
    return found


def test_an_account_runs_one_python_whatever_the_operator_has(tmp_path: Path, cloud: Cloud) -> None:
    assert function(provisioner(tmp_path, cloud), "hot-reader").python == ACCOUNT_PYTHON


def test_a_function_runs_as_its_own_account_and_only_those_who_call_it_may(tmp_path: Path, cloud: Cloud) -> None:
    one = provisioner(tmp_path, cloud, chain=("gcp", "gcp"))
    persister = function(one, "persister")
    assert (persister.identity, persister.callers) == (
        "plant-persister",
        ("plant-default-processor", "plant-invoker"),
    )
    assert function(one, "dispatcher").callers == ("plant-invoker",)
    assert function(one, "hot-to-cold-mover").memory_mb == 2048


def test_an_entrance_has_no_callers_since_everybody_may_call_it(tmp_path: Path, cloud: Cloud) -> None:
    one = provisioner(tmp_path, cloud, ("aws", "gcp", "gcp"))
    writer = function(one, "cold-writer")
    assert (writer.public, writer.callers) == (True, ())


def test_the_stores_are_those_of_the_tiers_asked_for(tmp_path: Path, cloud: Cloud) -> None:
    one = provisioner(tmp_path, cloud)
    assert [kind for kind, _ in keys(one.stores(STORED))] == ["database", "bucket", "bucket", "bucket"]
    assert one.stores(()) == []
    assert all(store.holds_data for store in one.stores(STORED))


@pytest.mark.parametrize("layout", [("gcp", "gcp", "gcp"), ("aws", "gcp", "aws"), ("gcp", "aws", "aws")])
def test_what_is_shared_and_what_may_be_left_over_is_everything_once(
    tmp_path: Path, cloud: Cloud, layout: tuple[str, str, str]
) -> None:
    one = provisioner(tmp_path, cloud, layout)
    here = one._twin.layout.functions_on("gcp")
    shared, left = keys(one.shared(here)), keys(one.left_over_shared(here))
    assert not set(shared) & set(left)
    everything = keys(one.left_over_shared(()))
    assert set(shared) | set(left) == set(everything)
    assert len(everything) == len(set(everything)) == 7 + 2 + len(ORDER) + 4


def test_names_fit_for_the_longest_twin(tmp_path: Path, cloud: Cloud) -> None:
    names = cloud.place.names("a-twin-with-a-name-of-28-cha")
    for name in (*ORDER, "build", "invoker"):
        assert 6 <= len(names.account(name)) <= 30
    assert len({names.account(name) for name in ORDER}) == len(ORDER)
    assert len(names.role("object_remover")) <= 64
    assert 4 <= len(names.database()) <= 63
