"""Schedules: a job calls the function with a token for it, on time, and is repaired."""

from __future__ import annotations

import pytest

from l3kit.clouds.gcp.control.jobs import Job, as_timer, read_job
from l3kit.clouds.gcp.control.place import SCHEDULER
from l3kit.clouds.ports.function_host import Timer
from l3kit.clouds.ports.resources import AlreadyThereError
from l3kit.errors import ProvisioningError
from tests.support.control_plane import Cloud
from tests.unit.clouds.gcp.control.conftest import make_accounts

NAME, URL = "plant-hot-to-cold-mover", "https://mover.example"


def job(cloud: Cloud, url: str = URL, schedule: str = "0 3 * * *") -> Job:
    email = cloud.place.email("plant-invoker")
    return Job(cloud.place, NAME, "plant", schedule, lambda: url, email, 3600)


def test_a_job_is_as_it_was_made_and_waits_as_long_as_it_may(cloud: Cloud) -> None:
    make_accounts(cloud)
    one = job(cloud)
    assert not one.compare().exists
    one.create()
    assert (one.compare().owned, one.compare().differences) == (True, ())
    there = read_job(cloud.place, NAME)
    assert there is not None
    assert there["attemptDeadline"] == "1800s"
    assert as_timer(there, URL, is_live=True) == Timer("0 3 * * *", "on")
    assert as_timer(there, URL, is_live=False) == Timer("0 3 * * *", "fired")
    with pytest.raises(AlreadyThereError):
        one.create()


def test_what_differs_is_told_and_changed(cloud: Cloud) -> None:
    make_accounts(cloud)
    job(cloud).create()
    other = job(cloud, "https://new.example", "0 4 * * *")
    assert other.compare().differences == (
        "schedule is 0 3 * * *, not 0 4 * * *",
        "target is https://mover.example/, not https://new.example/",
        "audience of its token is https://mover.example, not https://new.example",
    )
    other.update()
    assert other.compare().differences == ()


def test_a_job_that_was_switched_off_is_told_and_switched_on(cloud: Cloud) -> None:
    make_accounts(cloud)
    one = job(cloud)
    one.create()
    cloud.control.post(SCHEDULER, f"v1/{cloud.place.location}/jobs/{NAME}:pause", {})
    there = read_job(cloud.place, NAME)
    assert there is not None
    assert as_timer(there, URL, is_live=True).state == "off"
    assert one.compare().differences == ("it is switched off",)
    one.update()
    assert one.compare().differences == ()


def test_a_timer_says_what_is_wrong_with_it() -> None:
    target = {"uri": "https://other.example", "oidcToken": {"audience": "x"}}
    timer = as_timer({"schedule": "* * * * *", "timeZone": "Europe/Vienna", "httpTarget": target}, URL, is_live=True)
    assert timer.fault == "starts something else, has no token for the function, time zone Europe/Vienna"


def test_a_job_without_its_function_is_not_made_and_a_missing_one_is_deleted(cloud: Cloud) -> None:
    with pytest.raises(ProvisioningError, match="its function is not deployed yet"):
        job(cloud, "").create()
    job(cloud).delete()
