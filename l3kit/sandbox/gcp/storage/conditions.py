"""Preconditions on the generation, decided against what is live at this moment. Pure; no I/O."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from l3kit.sandbox.gcp.storage.answers import Refusal, not_served
from l3kit.sandbox.gcp.storage.calls import Call

FAILED = "At least one of the pre-conditions you specified did not hold."
_NOT_SERVED = ("GenerationNotMatch", "MetagenerationMatch", "MetagenerationNotMatch", "MetaGenerationNotMatch")
"""The last is how the Python client's uploads spell the one before."""


class Versioned(Protocol):
    """What a condition looks at, of a bucket or an object."""

    @property
    def generation(self) -> int: ...


@dataclass(frozen=True)
class Conditions:
    """The generation that a request demands of the live version before anything is done. 0: none; None: any."""

    generation: int | None

    @classmethod
    def of(cls, call: Call, side: str = "") -> Conditions:
        """The request's conditions; `side` is `Source` for those on what is copied. Raises: Refusal."""
        for name in _NOT_SERVED:
            if f"if{side}{name}" in call.query:
                raise not_served(f"the condition if{side}{name}")
        for header in ("If-Match", "If-None-Match"):
            if header in call.request.headers:
                raise not_served(f"the condition {header}")
        return cls(call.number(f"if{side}GenerationMatch"))

    def check(self, live: Versioned | None) -> None:
        """Raises: Refusal (412) where the generation is another."""
        if self.generation not in (None, live.generation if live else 0):
            raise Refusal(412, "conditionNotMet", FAILED, location=("header", "If-Match"))
