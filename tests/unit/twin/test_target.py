"""Targets, and parameters that only one cloud takes: each cloud declares its own, under its name, and checks them."""

from __future__ import annotations

import pytest

from l3kit.errors import ConfigurationError
from l3kit.providers import BUILT_IN, provider
from l3kit.twin.target import check_cloud_parameters, cloud_parameter, target_fault, unknown_parameter


@pytest.mark.parametrize("cloud", BUILT_IN)
def test_a_clouds_parameters_begin_with_its_name_and_take_their_own_defaults(cloud: str) -> None:
    for parameter in provider(cloud).parameters:
        assert parameter.name.startswith(f"{cloud}_")
        assert cloud_parameter(parameter.name) == parameter
        assert check_cloud_parameters({parameter.name: parameter.default}) == {parameter.name: parameter.default}


def test_what_no_cloud_takes_is_no_clouds_parameter() -> None:
    assert [cloud_parameter(name) for name in ("aws", "aws_", "aws_moon", "awsregion", "moon_region")] == [None] * 5


def test_every_wrong_parameter_is_told_at_once() -> None:
    given = {"aws_region": "moon", "aws_profile": "x", "profile": "x"}
    with pytest.raises(ConfigurationError) as caught:
        check_cloud_parameters(given)
    assert "aws_region = 'moon': is not an AWS region" in str(caught.value)
    assert "profile: is now called aws_profile" in str(caught.value)


def test_a_name_like_no_other_lists_what_there_is() -> None:
    text = unknown_parameter("zzz", "this notebook", ["twin"])
    known = "twin, aws_region, aws_profile, gcp_project, gcp_region"
    assert text == f"is not a parameter of this notebook; known are {known}"


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("gcp_project", "Plant"),
        ("gcp_project", "plant"),
        ("gcp_project", "123456789012"),
        ("gcp_region", "us-central"),
        ("gcp_region", "us-central1-a"),
        ("gcp_region", "US"),
    ],
)
def test_what_cannot_name_a_project_or_region_of_google_cloud_is_refused(name: str, value: str) -> None:
    with pytest.raises(ConfigurationError, match=f"{name} = '{value}': is not"):
        check_cloud_parameters({name: value})


@pytest.mark.parametrize(
    ("name", "value"),
    [("gcp_project", "plant-7"), ("gcp_project", "example.com:plant-7"), ("gcp_region", "northamerica-northeast1")],
)
def test_projects_and_regions_of_google_cloud_are_taken(name: str, value: str) -> None:
    assert check_cloud_parameters({name: value}) == {name: value}


def test_only_the_two_targets_have_no_fault() -> None:
    assert [target_fault(value) for value in ("sandbox", "live")] == [None, None]
    assert all(target_fault(value) for value in ("Live", "aws", "", None, 3, ["live"]))
