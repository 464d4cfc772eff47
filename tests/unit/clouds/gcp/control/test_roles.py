"""Custom roles: exactly their permissions, taken back from rest, and told where they cannot be."""

from __future__ import annotations

from dataclasses import replace

import pytest

from l3kit.clouds.gcp.control.place import IAM
from l3kit.clouds.gcp.control.roles import CustomRole
from l3kit.clouds.ports.resources import AlreadyThereError
from l3kit.errors import ProvisioningError
from tests.support.control_plane import PROJECT, Cloud

PATH = f"v1/projects/{PROJECT}/roles/l3kit.plant.item_reader"
DAY = 86_400.0


def role(cloud: Cloud) -> CustomRole:
    permissions = ("datastore.entities.get", "datastore.entities.list")
    return CustomRole(cloud.place, "l3kit.plant.item_reader", "plant", "Item reader", permissions)


def test_a_role_is_as_it_was_made(cloud: Cloud) -> None:
    one = role(cloud)
    assert not one.compare().exists
    one.create()
    assert (one.compare().exists, one.compare().owned, one.compare().differences) == (True, True, ())
    with pytest.raises(AlreadyThereError):
        one.create()


def test_more_or_fewer_permissions_and_a_role_that_is_off_are_told_and_repaired(cloud: Cloud) -> None:
    one = role(cloud)
    one.create()
    changed = {"includedPermissions": ["datastore.entities.delete"], "stage": "DISABLED"}
    cloud.control.patch(IAM, PATH, changed, {"updateMask": "includedPermissions,stage"})
    assert one.compare().differences == (
        "has datastore.entities.delete, not datastore.entities.get, datastore.entities.list",
        "it is switched off",
    )
    one.update()
    assert one.compare().differences == ()


def test_a_deleted_role_is_missing_and_comes_back_with_what_is_wanted_now(cloud: Cloud) -> None:
    one = role(cloud)
    one.create()
    one.delete()
    one.delete()
    assert not one.compare().exists
    more = replace(one, permissions=("datastore.entities.get",))
    more.create()
    assert more.compare().differences == ()


def test_a_deleted_role_of_somebody_else_is_not_taken(cloud: Cloud) -> None:
    replace(role(cloud), twin_name="other").create()
    role(cloud).delete()
    assert (role(cloud).compare().exists, role(cloud).compare().owned) == (True, False)


def test_an_id_that_cannot_be_used_for_a_while_is_told(cloud: Cloud) -> None:
    role(cloud).create()
    role(cloud).delete()
    cloud.time.sleep(8 * DAY)
    with pytest.raises(ProvisioningError, match="was deleted more than 7 days ago"):
        role(cloud).create()
