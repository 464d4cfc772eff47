"""What a plan tells of expiry."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from l3kit.deploy.expiry_notes import early_deletion, expiry_notes
from l3kit.deploy.plan import Step
from l3kit.twin.config import Twin
from tests.integration.aws.conftest import write_twin


def twin_with(folder: Path, *tiers: str, **config: Any) -> Twin:
    write_twin(folder, "plant", *(tiers or ("aws", "aws", "gcp")), ["pump-1"], **config)
    return Twin.load(folder)


def step(action: Any, kind: str, name: str) -> Step:
    resource: Any = None
    return Step(action, kind, name, "", resource)


def test_a_twin_that_keeps_its_data_is_told_nothing(tmp_path: Path) -> None:
    other = [step("unchanged", "function", "plant-archive-expirer"), step("delete", "function", "plant-cold-writer")]
    assert expiry_notes(twin_with(tmp_path), other) == ()


def test_a_plan_that_removes_the_expirer_says_that_nothing_expires_any_more(tmp_path: Path) -> None:
    (note,) = expiry_notes(twin_with(tmp_path), [step("delete", "function", "plant-archive-expirer")])
    assert note.startswith("Nothing expires any more, since archive_storage_size_in_days is not set")


def test_what_will_be_deleted_where_and_when_is_told(tmp_path: Path) -> None:
    (note,) = expiry_notes(twin_with(tmp_path, archive_storage_size_in_days=3650), [])
    assert "older than 3,650 days are deleted from the archive on gcp, by archive-expirer, rate(1 day), " in note


@pytest.mark.parametrize(
    ("tiers", "kept"),
    [
        (("gcp", "gcp", "aws"), "rate(1 day), permanently."),
        (("aws", "aws", "aws"), "and then its bucket keeps former versions for 30 days more, which are billed"),
        (("aws", "aws", "gcp"), "permanently"),
        (("aws", "aws", "azure"), "may keep deleted blobs and versions: its soft delete decides for how long (docs/"),
    ],
)
def test_a_plan_says_what_the_archive_keeps_of_what_expired(tmp_path: Path, tiers: Any, kept: str) -> None:
    assert kept in expiry_notes(twin_with(tmp_path, *tiers, archive_storage_size_in_days=3650), [])[0]


def test_a_stay_shorter_than_the_classs_minimum_is_told_with_the_days_that_are_billed(tmp_path: Path) -> None:
    _, early = expiry_notes(twin_with(tmp_path, archive_storage_size_in_days=390), [])
    assert "bills at least 365 days: what it holds for 300 days is billed for 65 more" in early


@pytest.mark.parametrize(("cloud", "least"), [("aws", 180), ("azure", 180), ("gcp", 365)])
def test_each_clouds_minimum_is_that_of_the_price_book(cloud: str, least: int) -> None:
    assert early_deletion(cloud, least) == ""
    assert f"at least {least} days" in early_deletion(cloud, least - 1)
    assert "is billed for 1 more" in early_deletion(cloud, least - 1)
