"""Cloud Run functions: made, changed only where they differ, called by those who may, and deleted."""

from __future__ import annotations

import hashlib
from dataclasses import replace

import pytest

from l3kit.clouds.gcp.control.functions import CloudRunFunctions, _is_new
from l3kit.clouds.gcp.control.place import RUN
from l3kit.clouds.ports.control import Refusal
from l3kit.clouds.ports.function_host import Definition
from l3kit.clouds.ports.resources import AlreadyThereError
from l3kit.errors import PermissionMissingError, ProvisioningError
from l3kit.sandbox.gcp.control.settings import Organization, PlaneSettings
from tests.support.control_plane import PROJECT, REGION, Cloud, Fault, Killed
from tests.support.google_plane import EVERY_API
from tests.unit.clouds.gcp.control.conftest import make_accounts

NAME = "plant-hot-reader"
DEFINITION = Definition(
    "3.13",
    {"INTER_CLOUD_TOKEN": "to-ken"},
    "plant",
    60,
    memory_mb=512,
    identity=NAME,
    callers=("plant-invoker",),
)


@pytest.fixture
def host(cloud: Cloud) -> CloudRunFunctions:
    make_accounts(cloud, "hot-reader", "persister")
    return CloudRunFunctions(cloud.place)


def sent(cloud: Cloud) -> list[str]:
    """The changing requests since, by verb and what they change."""
    found = [f"{one.split()[0]} {one.rpartition('/')[2]}" for one in cloud.http.changes]
    cloud.http.forget()
    return found


def test_a_function_is_as_it_was_defined(host: CloudRunFunctions) -> None:
    assert host.get(NAME) is None
    assert host.address(NAME) == ""
    host.create(NAME, DEFINITION, b"zip")
    there = host.get(NAME)
    assert there is not None
    assert (there.definition, there.state) == (DEFINITION, "active")
    assert there.code_sha256 == hashlib.sha256(b"zip").hexdigest()
    assert there.url == host.address(NAME) != ""


def test_a_second_update_changes_nothing(cloud: Cloud, host: CloudRunFunctions) -> None:
    host.create(NAME, DEFINITION, b"zip")
    cloud.http.forget()
    host.update(NAME, DEFINITION, b"zip")
    assert sent(cloud) == []


def test_settings_alone_need_no_new_build(cloud: Cloud, host: CloudRunFunctions) -> None:
    host.create(NAME, DEFINITION, b"zip")
    changed = replace(DEFINITION, settings={"A": "1"}, memory_mb=1024, timeout=90)
    host.update(NAME, changed, b"zip")
    there = host.get(NAME)
    assert there is not None
    assert there.definition == changed
    assert cloud.effects.deployed[NAME][1] == b"zip"


def test_new_code_is_built(cloud: Cloud, host: CloudRunFunctions) -> None:
    host.create(NAME, DEFINITION, b"zip")
    host.update(NAME, replace(DEFINITION, python="3.12"), b"new")
    there = host.get(NAME)
    assert there is not None
    assert there.definition.python == "3.12"
    assert there.code_sha256 == hashlib.sha256(b"new").hexdigest()
    assert cloud.effects.deployed[NAME][1] == b"new"


def test_everybody_may_call_only_what_is_public_and_only_once_it_is_in_force(
    cloud: Cloud, host: CloudRunFunctions
) -> None:
    public = replace(DEFINITION, public=True, callers=())
    host.create(NAME, public, b"zip")
    assert sent(cloud)[-1] == f"POST {NAME}:setIamPolicy"
    there = host.get(NAME)
    assert there is not None
    assert there.definition == public
    host.update(NAME, replace(DEFINITION, settings={}), b"zip")
    requests = sent(cloud)
    assert requests.index(f"POST {NAME}:setIamPolicy") < requests.index(f"PATCH {NAME}")
    there = host.get(NAME)
    assert there is not None
    assert not there.definition.public


def test_who_may_call_it_is_exactly_who_should(cloud: Cloud, host: CloudRunFunctions) -> None:
    host.create(NAME, DEFINITION, b"zip")
    path = f"v2/projects/{PROJECT}/locations/{REGION}/services/{NAME}"
    member = f"serviceAccount:{cloud.place.email('plant-persister')}"
    roles = ("roles/run.invoker", "roles/run.viewer")
    policy = {"bindings": [{"role": role, "members": [member]} for role in roles]}
    cloud.control.post(RUN, f"{path}:setIamPolicy", {"policy": policy})
    there = host.get(NAME)
    assert there is not None
    assert there.definition.callers == ("plant-persister",)
    host.update(NAME, DEFINITION, b"zip")
    there = host.get(NAME)
    assert there is not None
    assert there.definition.callers == ("plant-invoker",)
    left = cloud.control.get(RUN, f"{path}:getIamPolicy")["bindings"]
    assert {"role": "roles/run.viewer", "members": [member]} in left


def test_a_function_that_is_there_is_left(cloud: Cloud, host: CloudRunFunctions) -> None:
    host.create(NAME, DEFINITION, b"zip")
    with pytest.raises(AlreadyThereError):
        host.create(NAME, DEFINITION, b"other")
    assert cloud.effects.deployed[NAME][1] == b"zip"


def test_a_build_that_fails_says_why_without_a_secret_and_the_next_update_completes(
    cloud: Cloud, host: CloudRunFunctions
) -> None:
    cloud.effects.broken = "Build failed: main.py has to-ken in it"
    with pytest.raises(ProvisioningError, match="Build failed") as caught:
        host.create(NAME, DEFINITION, b"zip")
    assert "to-ken" not in str(caught.value)
    there = host.get(NAME)
    assert there is not None
    assert there.state.startswith("it failed to start")
    cloud.effects.broken = ""
    host.update(NAME, DEFINITION, b"zip")
    there = host.get(NAME)
    assert there is not None
    assert there.state == "active"


@pytest.mark.parametrize(
    ("refusal", "new"),
    [
        (Refusal(404, "NOT_FOUND", "Service account projects/-/serviceAccounts/a@p was not found."), True),
        (Refusal(400, "INVALID_ARGUMENT", "Access denied. You must grant Storage Object Viewer to b@p.example."), True),
        (Refusal(403, "PERMISSION_DENIED", "Could not build the function due to missing permissions."), True),
        (Refusal(403, "PERMISSION_DENIED", "Ensure that the Cloud Functions service account has x"), True),
        (Refusal(403, "PERMISSION_DENIED", "lacks iam.serviceaccounts.actAs on service account a@p"), False),
        (Refusal(400, "INVALID_ARGUMENT", "Build failed: syntax error in main.py"), False),
    ],
)
def test_a_build_that_lacks_a_role_given_a_moment_ago_is_tried_again(refusal: Refusal, new: bool) -> None:
    assert _is_new(refusal, ["b@p.example"]) == new


def test_an_update_waits_for_what_a_killed_process_began(cloud: Cloud, host: CloudRunFunctions) -> None:
    cloud.http.forget()
    cloud.http.fault = Fault(2, "after")  # the creation itself, after the address and the upload
    with pytest.raises(Killed):
        host.create(NAME, DEFINITION, b"zip")
    host.update(NAME, DEFINITION, b"zip")
    there = host.get(NAME)
    assert there is not None
    assert (there.state, there.definition) == ("active", DEFINITION)


def test_a_deleted_function_may_be_deleted_again(cloud: Cloud, host: CloudRunFunctions) -> None:
    host.create(NAME, DEFINITION, b"zip")
    host.delete(NAME)
    host.delete(NAME)
    assert host.get(NAME) is None
    assert cloud.effects.deployed == {}


def test_a_policy_of_the_organization_against_everybody_is_named() -> None:
    settings = PlaneSettings(enabled=EVERY_API, organization=Organization(public_members=False))
    cloud = Cloud(settings)
    make_accounts(cloud, "hot-reader")
    with pytest.raises(ProvisioningError, match=r"iam\.allowedPolicyMemberDomains forbids it"):
        CloudRunFunctions(cloud.place).create(NAME, replace(DEFINITION, public=True, callers=()), b"zip")
    cloud.close()


def test_it_is_called_with_a_token_of_the_account_that_may_call_it(cloud: Cloud, host: CloudRunFunctions) -> None:
    host.create(NAME, DEFINITION, b"zip")
    calls = []

    def post(url: str, body: bytes, headers: object, timeout: float) -> tuple[int, bytes]:
        calls.append((url, body, headers, timeout))
        return 200, b"{}"

    calling = replace(host, post=post)
    with pytest.raises(PermissionMissingError, match=r"roles/iam\.serviceAccountOpenIdTokenCreator on plant-invoker@"):
        calling.invoke(NAME, b"[]", timeout=5)
    host.update(NAME, replace(DEFINITION, public=True, callers=()), b"zip")
    assert calling.invoke(NAME, b"[]", timeout=5) == (200, b"{}")
    assert calls == [(f"{host.address(NAME)}/", b"[]", {"Content-Type": "application/json"}, 5)]
    with pytest.raises(ProvisioningError, match="is not deployed"):
        calling.invoke("plant-other", b"", timeout=5)
