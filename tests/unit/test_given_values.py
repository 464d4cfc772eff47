"""Reading what somebody gives, and what is said of it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator

from l3kit.errors import ConfigurationError
from l3kit.given_values import (
    all_problems,
    check_known,
    did_you_mean,
    first_and_nearest,
    in_file,
    problem_in,
    read_table,
)


class Given(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True)

    days: int = Field(ge=1)
    cloud: str = "aws"
    tuning: dict[str, str] = {}

    @field_validator("cloud")
    @classmethod
    def _known(cls, value: str) -> str:
        if value != "aws":
            raise ValueError("Is not a cloud")
        return value

    @field_validator("tuning")
    @classmethod
    def _without_names(cls, value: dict[str, str]) -> dict[str, str]:
        if value:
            raise ValueError(f"{', '.join(value)} is not known")
        return value


@pytest.mark.parametrize(
    ("values", "problem"),
    [
        ({}, "days: is missing"),
        ({"days": 0}, "days = 0: input should be greater than or equal to 1"),
        ({"days": 1, "cloud": "moon"}, "cloud = 'moon': Is not a cloud"),
        ({"days": 1, "dais": 2}, "dais: is strange"),
        ({"days": 1, "tuning": {"TOKEN": "s3cr3t"}}, "tuning: TOKEN is not known"),
        ("text", "input should be a valid dictionary or instance of Given"),
    ],
)
def test_a_finding_tells_name_value_and_what_is_allowed(values: Any, problem: str) -> None:
    with pytest.raises(ValidationError) as caught:
        Given.model_validate(values)
    assert [problem_in(finding, lambda name: "is strange") for finding in caught.value.errors()] == [problem]


def test_an_unknown_name_is_answered_with_the_nearest_or_with_all() -> None:
    assert did_you_mean("dais", ["days", "cloud"]) == "did you mean days?"
    assert did_you_mean("zzz", ["days", "cloud"]) == "known are days, cloud"
    check_known("file", ["days"], ["days"])
    with pytest.raises(ConfigurationError, match=r"file: dais: is not known\. did you mean days"):
        check_known("file", ["days", "dais"], ["days"])


def test_all_problems_are_one_error() -> None:
    assert "2 problems:\n  first\n  second" in str(all_problems("twin x", ["first", "second"]))


@pytest.mark.parametrize(
    ("content", "cause"),
    [
        (b"a: [", "is not YAML"),
        (b"\xff", "is not YAML"),
        (b"- 1", "is not a table"),
        (b"1: 2", "is not a table"),
        (None, "cannot be read"),
    ],
)
def test_a_file_that_is_no_table_is_named_with_the_cause(tmp_path: Path, content: bytes | None, cause: str) -> None:
    path = tmp_path / "given.yaml"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(ConfigurationError, match=rf"given\.yaml: {cause}"):
        read_table(path)


def test_an_error_about_a_value_names_its_file(tmp_path: Path) -> None:
    path = tmp_path / "given.yaml"
    path.write_text("days: 3")
    assert read_table(path) == {"days": 3}
    with pytest.raises(ConfigurationError, match=r"given\.yaml: days: is odd\. Change it"), in_file(path):
        raise ConfigurationError("days", "is odd", "Change it")


def test_of_many_names_the_first_and_the_nearest_are_told() -> None:
    names = [f"pump-{number}" for number in range(25)]
    told = first_and_nearest("pump-24x", names)
    assert told.startswith("pump-0, pump-1, ")
    assert "pump-19 and 5 more; did you mean pump-24?" in told
    assert first_and_nearest("z", ["a", "b"]) == "a, b"
