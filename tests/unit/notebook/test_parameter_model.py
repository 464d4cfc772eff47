"""Parameters of any notebook: typed, ranged, none unknown, none secret."""

from __future__ import annotations

import pytest

from l3kit.notebook import parameters as params
from l3kit.notebook.parameter_model import check
from tests.unit.notebook.given_parameters import GOOD, MOVERS, ROOT, problem


def test_a_good_set_of_parameters_is_taken() -> None:
    p = check(params.RunMoversParameters, MOVERS)
    assert p.moment.isoformat() == "2014-01-01T00:00:00+00:00"
    assert p.twin_path == ROOT / "params/twins/nyc-weather"


def test_an_unknown_parameter_names_the_nearest_known_one() -> None:
    text = problem(params.RunMoversParameters, {**MOVERS, "replay_day": 3})
    assert "replay_day: is not a parameter of this notebook; did you mean replay_days?" in text
    assert "Nothing was done" in text


@pytest.mark.parametrize(
    ("name", "value", "words"),
    [
        ("replay_days", -1, "greater than or equal to 0"),
        ("replay_days", 4000, "less than or equal to 3650"),
        ("replay_days", "3", "valid integer"),
        ("replay_every_days", 0, "greater than or equal to 1"),
        ("prepare", "yes", "valid boolean"),
        ("target", "moon", "is not allowed; allowed are sandbox and live"),
        ("target", ["live"], "is not allowed; allowed are sandbox and live"),
        ("target", "aws", "the target for real accounts is now called live"),
        ("aws_region", "moon", "is not an AWS region, such as us-east-1"),
        ("aws_profile", 3, "should be text"),
        ("as_of", "yesterday", "neither ISO 8601"),
        ("as_of", "2014-01-01T00:00:00", "has no time zone"),
        ("sandbox", "../x", "match pattern"),
        ("twin", "", "at least 1 character"),
    ],
)
def test_a_wrong_value_is_named_with_what_is_allowed(name: str, value: object, words: str) -> None:
    text = problem(params.RunMoversParameters, {**MOVERS, name: value})
    assert f"{name} = {value!r}" in text
    assert words in text


def test_what_only_one_cloud_takes_is_handed_on_and_shown_behind_what_every_notebook_takes() -> None:
    p = check(params.RunMoversParameters, {**MOVERS, "aws_region": "eu-central-1"})
    assert p.cloud_parameters == {"aws_region": "eu-central-1", "aws_profile": ""}
    frame = p.to_frame()
    assert list(frame.index)[3:7] == ["fresh", "aws_region", "aws_profile", "as_of"]
    assert tuple(frame.loc["aws_profile"]) == ('""', "AWS profile; empty takes boto3's default")


def test_a_clouds_parameter_may_be_left_out() -> None:
    given = {name: value for name, value in MOVERS.items() if not name.startswith("aws_")}
    assert check(params.RunMoversParameters, given).cloud_parameters == {}


def test_a_mistyped_parameter_of_a_cloud_names_the_nearest() -> None:
    text = problem(params.RunMoversParameters, {**MOVERS, "aws_regoin": "us-east-1", "azure_region": "westeurope"})
    assert "aws_regoin: is not a parameter of this notebook; did you mean aws_region?" in text
    assert "azure_region: is not a parameter of this notebook" in text


def test_a_params_file_of_an_earlier_version_is_told_every_new_name_at_once() -> None:
    old = {name: value for name, value in MOVERS.items() if not name.startswith("aws_")}
    text = problem(params.RunMoversParameters, {**old, "target": "aws", "region": "us-east-1", "profile": ""})
    assert "3 problems" in text
    assert "target = 'aws': is a cloud, not a target; the target for real accounts is now called live" in text
    assert "region: is now called aws_region" in text
    assert "profile: is now called aws_profile" in text


def test_all_problems_are_reported_together() -> None:
    text = problem(params.RunMoversParameters, {**MOVERS, "replay_days": -1, "prepare": 1, "extra": 2})
    assert "3 problems" in text


@pytest.mark.parametrize("name", ["token", "INTER_CLOUD_TOKEN", "aws_secret_key", "my_password"])
def test_a_secret_is_never_a_parameter_and_its_value_is_not_shown(name: str) -> None:
    text = problem(params.RunMoversParameters, {**MOVERS, name: "s3cr3t-value"})
    assert f"{name}: parameters never carry secrets" in text
    assert "s3cr3t-value" not in text


def test_an_empty_moment_is_now() -> None:
    p = check(params.RunMoversParameters, {**MOVERS, "as_of": ""})
    assert p.moment.year >= 2026
    assert p.moment is p.moment, "one moment for all cells"


def test_the_table_of_parameters_shows_meanings_and_no_result_path() -> None:
    frame = check(params.RunMoversParameters, MOVERS).to_frame()
    assert "result_path" not in frame.index
    assert frame.loc["replay_days", "meaning"].endswith("0 runs once")


def test_a_mistyped_parameter_that_looks_like_a_secret_is_set_right() -> None:
    text = problem(params.DeployParameters, {**GOOD, "rotate_token": True})
    assert "rotate_token: parameters never carry secrets" in text
    assert "did you mean rotate_tokens?" in text


def test_a_moment_in_another_zone_is_the_same_moment() -> None:
    p = check(params.RunMoversParameters, {**MOVERS, "as_of": "2014-01-01T05:30:00+05:30"})
    assert p.moment.isoformat() == "2014-01-01T00:00:00+00:00"


@pytest.mark.parametrize(("text", "value"), [("true", True), ("False", False), ("FALSE", False)])
def test_truth_may_be_spelled_as_on_a_command_line(text: str, value: bool) -> None:
    assert check(params.RunMoversParameters, {**MOVERS, "prepare": text}).prepare is value
    assert "prepare = 'yes'" in problem(params.RunMoversParameters, {**MOVERS, "prepare": "yes"})
