"""The command line on files and options of l3kit 0.1.0: each old name is refused with the new one."""

from __future__ import annotations

from pathlib import Path

import pytest

from l3kit.cli import main


def test_first_light_tells_the_new_name_of_its_target(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["first-light", "aws", "--target", "aws", "--dry-run"]) == 2
    assert "the target for real accounts is now called live" in capsys.readouterr().err


def test_explain_tells_every_new_name_that_a_params_file_needs(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "run_movers.aws.yaml"
    path.write_text("twin: params/twins/nyc-weather\ntarget: aws\nregion: us-east-1\nprofile: ''\nreplay_days: 0\n")
    assert main(["explain", str(path), "JFK"]) == 1
    told = capsys.readouterr().err
    assert "3 problems" in told
    assert "the target for real accounts is now called live" in told
    assert "region: is now called aws_region" in told
    assert "profile: is now called aws_profile" in told


def test_cost_passes_over_a_clouds_parameters_and_tells_the_new_name_of_an_old_one(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    names = ("devices", "items_per_device_per_day", "item_bytes", "hot_days", "cold_days", "archive_days")
    scenario = "".join(f"{name}: 100\n" for name in names)
    path = tmp_path / "mine.yaml"
    path.write_text(f"{scenario}aws_region: eu-central-1\n")
    assert main(["cost", "bill", str(path)]) == 0
    path.write_text(f"{scenario}region: eu-central-1\n")
    assert main(["cost", "bill", str(path)]) == 1
    assert "region: is now called aws_region" in capsys.readouterr().err
