"""Preconditions on the generation of the live version. No I/O."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from l3kit.sandbox.gcp.storage.answers import Refusal, not_served
from l3kit.sandbox.gcp.storage.calls import Call

FAILED = "At least one of the pre-conditions you specified did not hold."
_NOT_SERVED = ("GenerationNotMatch", "MetagenerationMatch", "MetagenerationNotMatch", "MetaGenerationNotMatch")
"""The last is a misspelling in uploads of the Python client."""


class Versioned(Protocol):
    """A bucket or object with a generation."""

    @property
    def generation(self) -> int: ...


@dataclass(frozen=True)
class Conditions:
    """The generation that a request requires of the live version. 0: no live version; None: any."""

    generation: int | None

    @classmethod
    def of(cls, call: Call, side: str = "") -> Conditions:
        """Read the request's conditions; `side`: `Source` for those on a copy's source. Raises: Refusal."""
        for name in _NOT_SERVED:
            if f"if{side}{name}" in call.query:
                raise not_served(f"the condition if{side}{name}")
        for header in ("If-Match", "If-None-Match"):
            if header in call.request.headers:
                raise not_served(f"the condition {header}")
        return cls(call.number(f"if{side}GenerationMatch"))

    def check(self, live: Versioned | None) -> None:
        """Check the live version. Raises: Refusal (412) if its generation differs."""
        if self.generation not in (None, live.generation if live else 0):
            raise Refusal(412, "conditionNotMet", FAILED, location=("header", "If-Match"))
