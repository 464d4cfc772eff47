"""A plan bound to its clouds, so that it can be applied."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, fields
from typing import TYPE_CHECKING

from l3kit.deploy.plan import Plan

if TYPE_CHECKING:
    from l3kit.deploy import ApplyResult


@dataclass(frozen=True, slots=True, repr=False)
class OpenPlan(Plan):
    """The steps that `apply` would carry out, in order, each with its reason.

    Attributes:
        steps: all of them, including those that change nothing.
        notes: what could not be checked.
        gaps: what the plan omits.
    """

    _carry_out: Callable[[Plan], ApplyResult] = field(kw_only=True, compare=False)

    def apply(self) -> ApplyResult:
        """Carry the plan out. Each resource is compared again right before it is changed, so an old plan does no harm.

        After a failure or interruption, completed steps stay, and the next plan has the rest.

        Raises: ProvisioningError naming the step.
        """
        return self._carry_out(self)


def open_plan(made: Plan, carry_out: Callable[[Plan], ApplyResult]) -> OpenPlan:
    """Return this plan with the function that applies it."""
    return OpenPlan(**{one.name: getattr(made, one.name) for one in fields(made)}, _carry_out=carry_out)
