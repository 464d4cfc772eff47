"""Functions of a test's own on a sandbox's Google Cloud, deployed by its control plane."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

from l3kit.clouds.gcp.control.accounts import ServiceAccount
from l3kit.clouds.gcp.control.apis import Apis
from l3kit.clouds.gcp.control.place import Place
from l3kit.clouds.gcp.control.policies import Held, change, project_policy, with_held
from l3kit.clouds.gcp.session import GcpSession
from l3kit.clouds.ports.resources import AlreadyThereError, Resource
from tests.support.cloud_functions import definition, gcp_zip

OWNER = "tests"
BUILD, RUNS = "build", "hot-reader"


def put_function(
    session: GcpSession,
    name: str,
    source: str,
    files: Mapping[str, str] = MappingProxyType({}),
    *,
    owner: str = OWNER,
    **more: Any,
) -> None:
    """Create a function, or replace it; the account that it runs as may do nothing."""
    place = Place(session.control, session.project, session.region, session.patience)
    make(Apis(place))
    names = place.names(owner)
    for account in (BUILD, RUNS, "invoker"):
        make(ServiceAccount(place, names.account(account), owner, "Tests"))
    builder = f"serviceAccount:{names.email(BUILD)}"
    wanted = [Held("roles/cloudbuild.builds.builder")]
    change(place, project_policy(place), lambda policy: with_held(policy, builder, wanted))
    may = () if more.get("public") else (names.account("invoker"),)
    given = definition(owner=owner, memory_mb=512, identity=names.account(RUNS), callers=may, **more)
    session.functions.update(name, given, gcp_zip(source, **files))


def make(resource: Resource) -> None:
    """Make a resource, or give it its values."""
    found = resource.compare()
    if found.differences:
        resource.update()
    elif not found.exists:
        try:
            resource.create()
        except AlreadyThereError:
            return
