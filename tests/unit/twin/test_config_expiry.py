"""`archive_storage_size_in_days` and `expiry_schedule`: what is allowed, and what a twin without them is told."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from l3kit.errors import ConfigurationError
from l3kit.tiering.settings.function_table import EXPIRER
from l3kit.tiering.settings.twin_info import TwinInfo
from l3kit.twin.config import Twin
from tests.integration.aws.conftest import write_twin


def twin_with(folder: Path, *layout: str, **config: Any) -> Twin:
    hot, cold, archive = layout or ("aws", "aws", "aws")
    write_twin(folder, "plant", hot, cold, archive, ["pump-1"], **config)
    return Twin.load(folder)


def test_a_twin_without_the_setting_has_no_expirer_and_its_functions_are_told_nothing(tmp_path: Path) -> None:
    twin = twin_with(tmp_path)
    assert twin.layout.host_of(EXPIRER) is None
    assert "archive_storage_size_in_days" not in twin.digital_twin_info()["config"]
    assert EXPIRER not in twin.next_runs(datetime(2026, 6, 1, tzinfo=UTC))
    assert list(twin.to_frame()["holds data"])[-1] == "over 90 days old"


def test_a_twin_with_it_has_an_expirer_with_a_schedule_of_its_own(tmp_path: Path) -> None:
    twin = twin_with(
        tmp_path, "aws", "azure", "gcp", archive_storage_size_in_days=365, expiry_schedule="cron(0 5 ? * 1 *)"
    )
    assert twin.layout.host_of(EXPIRER) == "gcp"
    assert TwinInfo.parse(json.dumps(twin.digital_twin_info())).archive_days == 365
    (first, *_) = twin.next_runs(datetime(2026, 6, 1, tzinfo=UTC))[EXPIRER]
    assert first == datetime(2026, 6, 7, 5, tzinfo=UTC)  # a Sunday
    assert list(twin.to_frame()["holds data"])[-1] == "90 to 365 days old, then deleted"


@pytest.mark.parametrize("days", [1, 89, 90])
def test_data_that_would_expire_before_they_are_archived_are_refused_with_the_least_that_is_allowed(
    tmp_path: Path, days: int
) -> None:
    with pytest.raises(ConfigurationError, match=r"must exceed cold_storage_size_in_days \(90\).* write 91 or more"):
        twin_with(tmp_path, archive_storage_size_in_days=days)


@pytest.mark.parametrize("days", ["365", 365.5, True, 0, -1, 36501])
def test_what_is_no_number_of_days_is_refused(tmp_path: Path, days: object) -> None:
    with pytest.raises(ConfigurationError, match="archive_storage_size_in_days"):
        twin_with(tmp_path, archive_storage_size_in_days=days)


def test_a_schedule_without_the_setting_is_refused_since_it_has_no_effect(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match="expiry_schedule has no effect without archive_storage_size_in_days"):
        twin_with(tmp_path, expiry_schedule="rate(7 days)")


def test_a_schedule_that_the_archives_cloud_cannot_be_told_is_named_with_its_key(tmp_path: Path) -> None:
    odd = {"archive_storage_size_in_days": 365, "expiry_schedule": "cron(0 3 L * ? *)"}
    assert twin_with(tmp_path, "azure", "azure", "aws", **odd)
    with pytest.raises(ConfigurationError, match=r"config.json: expiry_schedule: .* cannot be expressed"):
        twin_with(tmp_path, "aws", "aws", "azure", **odd)
