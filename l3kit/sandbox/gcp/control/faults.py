"""Faults that tests arrange: a method that answers with an error some times, before or after its work."""

from __future__ import annotations

from dataclasses import dataclass, field
from fnmatch import fnmatchcase

from l3kit.sandbox.gcp.control.answers import CODES, ControlAnswer, RefusedError

_CODES = {status: code for code, (status, _) in reversed(list(CODES.items()))}


@dataclass(slots=True)
class ArrangedFault:
    """An error of the service itself.

    Attributes:
        method: pattern of the method's id.
        status: of the answers.
        times: how many answers.
        after: whether the call is carried out first, so that its answer alone is lost.
        wait: seconds in the header `Retry-After`; 0 without one.
    """

    method: str
    status: int = 503
    times: int = 1
    after: bool = False
    wait: int = 0


@dataclass(slots=True)
class ArrangedFaults:
    """Faults that are still to come, in the order in which they were arranged."""

    coming: list[ArrangedFault] = field(default_factory=list)

    def arrange(self, *faults: ArrangedFault) -> None:
        self.coming += faults

    def take(self, method: str) -> ArrangedFault | None:
        """Return the fault of the next call of a method; None if it has none."""
        for fault in self.coming:
            if fault.times > 0 and fnmatchcase(method, fault.method):
                fault.times -= 1
                return fault
        return None


def answer_of(fault: ArrangedFault, service: str) -> ControlAnswer:
    """Return the error that a fault answers with."""
    headers = {"Retry-After": str(fault.wait)} if fault.wait else {}
    code = _CODES.get(fault.status, "UNAVAILABLE")
    message = "Quota exceeded for quota metric." if fault.status == 429 else "The service is currently unavailable."
    return RefusedError(code, message, status=fault.status, headers=headers).answer(service)
