"""Google Cloud as slow as it is reported to be: what was made is not found yet, accounts and roles not known yet."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from l3kit.clouds.gcp.control.accounts import ServiceAccount
from l3kit.clouds.gcp.control.functions import CloudRunFunctions
from l3kit.clouds.ports.function_host import Definition
from l3kit.errors import ProvisioningError
from l3kit.sandbox.gcp.control.settings import SLOW, PlaneSettings
from tests.support.control_plane import Cloud, Fault, Killed
from tests.support.google_plane import EVERY_API
from tests.support.google_twin import GoogleTwin

Make = Callable[..., GoogleTwin]
HOUR = 3600.0


@pytest.fixture
def make(tmp_path: Path) -> Iterator[Make]:
    made: list[GoogleTwin] = []

    def one(settings: PlaneSettings, **more: bool) -> GoogleTwin:
        made.append(GoogleTwin(tmp_path, settings, **more))
        return made[-1]

    yield one
    for each in made:
        each.close()


@pytest.mark.parametrize("chain", [False, True], ids=["tiers", "chain"])
def test_a_slow_cloud_takes_a_twin_and_gives_it_back(make: Make, chain: bool) -> None:
    twin = make(SLOW, chain=chain)
    twin.deploy()
    twin.cloud.time.sleep(HOUR)
    twin.let_owner_empty_buckets()
    twin.cloud.time.sleep(HOUR)
    assert twin.plan().changes == ()
    twin.destroy()
    assert not any(twin.inventory().values())
    twin.deploy()
    assert twin.plan().changes == ()


@pytest.mark.parametrize("answer", ["NOT_FOUND", "INVALID_ARGUMENT"])
def test_fresh_service_account_404_and_400(make: Make, answer: str) -> None:
    settings = PlaneSettings(enabled=EVERY_API, unknown_account_seconds=90, answer_of_unknown=answer)
    twin = make(settings)
    twin.let_owner_empty_buckets()
    before = twin.cloud.time.now
    twin.deploy()
    assert twin.cloud.time.now - before > 60
    assert twin.plan().changes == ()


def test_role_takes_minutes(make: Make) -> None:
    twin = make(PlaneSettings(enabled=EVERY_API, binding_seconds=240), chain=True)
    twin.let_owner_empty_buckets()
    twin.cloud.time.sleep(HOUR)
    before = twin.cloud.time.now
    twin.deploy()
    assert twin.cloud.time.now - before >= 240  # no build, and no letters' subscription, before its role is in effect
    assert twin.plan().changes == ()


def test_a_new_or_undeleted_role_is_not_known_to_policies_at_first(make: Make) -> None:
    twin = make(PlaneSettings(enabled=EVERY_API, unknown_role_seconds=200))
    twin.let_owner_empty_buckets()
    for _ in range(2):
        before = twin.cloud.time.now
        twin.deploy()
        assert twin.cloud.time.now - before > 190
        assert twin.plan().changes == ()
        twin.destroy()


def test_pubsubs_own_account_is_not_known_right_after_its_api_was_enabled(make: Make) -> None:
    others = EVERY_API - {"pubsub.googleapis.com"}
    twin = make(PlaneSettings(enabled=others, unknown_agent_seconds=200), chain=True)
    twin.let_owner_empty_buckets()
    before = twin.cloud.time.now
    twin.deploy()
    assert twin.cloud.time.now - before > 190
    assert twin.plan().changes == ()


def test_get_404_after_create(make: Make) -> None:
    twin = make(PlaneSettings(enabled=EVERY_API, unread_seconds=20))
    twin.let_owner_empty_buckets()
    twin.deploy()
    twin.cloud.time.sleep(60)
    assert twin.plan().changes == ()


def test_killed_before_what_it_made_is_found(make: Make) -> None:
    twin = make(PlaneSettings(enabled=EVERY_API, unread_seconds=20))
    twin.let_owner_empty_buckets()
    for number in range(0, 40, 5):
        twin.cloud.http.forget()
        twin.cloud.http.fault = Fault(number, "after")
        try:
            twin.deploy()
        except Killed:
            continue
    twin.cloud.http.fault = Fault()
    twin.deploy()
    twin.cloud.time.sleep(60)
    assert twin.plan().changes == ()


def test_limit_names_what_it_waited_for() -> None:
    cloud = Cloud(PlaneSettings(enabled=EVERY_API, unread_seconds=HOUR))
    account = ServiceAccount(cloud.place, "plant-hot-reader", "plant", "Reads")
    with pytest.raises(ProvisioningError, match="service account plant-hot-reader is found everywhere: did not happen"):
        account.create()
    cloud.close()


def test_an_account_that_stays_unknown_is_named() -> None:
    cloud = Cloud(replace(PlaneSettings(enabled=EVERY_API), unknown_account_seconds=HOUR))
    for name in ("plant-hot-reader", "plant-build"):
        ServiceAccount(cloud.place, name, "plant", "Runs").create()
    definition = Definition("3.13", {}, "plant", 60, memory_mb=512, identity="plant-hot-reader")
    words = (
        "the service accounts of function plant-hot-reader are known to Cloud Functions: did not happen within 600 s"
    )
    with pytest.raises(ProvisioningError, match=words):
        CloudRunFunctions(cloud.place).create("plant-hot-reader", definition, b"zip")
    cloud.close()


def test_the_id_of_a_database_rests_after_its_deletion(make: Make) -> None:
    twin = make(PlaneSettings(enabled=EVERY_API, resting_seconds=300))
    twin.let_owner_empty_buckets()
    twin.deploy()
    twin.destroy()
    before = twin.cloud.time.now
    twin.deploy()
    assert twin.cloud.time.now - before > 250
    assert twin.plan().changes == ()
