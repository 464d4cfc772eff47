"""Parameters of letters.ipynb: the choice of dead letters, and whether to replay them."""

from __future__ import annotations

from typing import ClassVar

from pydantic import Field, field_validator

from l3kit.errors import ConfigurationError
from l3kit.notebook.parameter_model import Parameters
from l3kit.operate.letters.chosen import Choice


class LettersParameters(Parameters):
    """letters.ipynb"""

    notebook: ClassVar[str] = "letters"

    prepare: bool = Field(
        description="sandbox only: deploy the twin, and publish messages that become dead letters where it has none"
    )
    problems: list[str] = Field(description="only letters with these problems; [] is all")
    device: str = Field(description="only messages of this device; empty is all")
    since: str = Field(description="only messages received from then on, ISO 8601 UTC or a date; empty is all")
    limit: int = Field(ge=0, le=1_000_000, description="maximum number of letters; 0 is all")
    dry_run: bool = Field(description="True only shows what a replay would send")

    @field_validator("problems")
    @classmethod
    def _are_known(cls, value: list[str]) -> list[str]:
        _choose(problem=value)
        return value

    @field_validator("since")
    @classmethod
    def _is_bound(cls, value: str) -> str:
        _choose(since=value or None)
        return value

    @property
    def choice(self) -> dict[str, object]:
        """Arguments for a twin's `letters` and `replay_letters`."""
        return {
            "problem": self.problems,
            "device": self.device or None,
            "since": self.since or None,
            "limit": self.limit or None,
        }


def _choose(problem: tuple[str, ...] | list[str] = (), since: str | None = None) -> None:
    """Check the choice. Raises: ValueError, which pydantic reports with the parameter's name."""
    try:
        Choice.of(problem, None, since, None)
    except ConfigurationError as error:
        raise ValueError(f"{error.cause}. {error.remedy}") from None
