"""Progress on stderr: bars that leave no line behind, or one line for each step."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from l3kit.notebook.progress import Bars, Silent, step_printer


class PassingSteps(Bars):
    """Shows bars, and steps on a line that is erased afterwards."""

    def steps(self, name: str) -> Callable[[str], None]:
        return step_printer(name, leave=False)


@dataclass(frozen=True, slots=True)
class StepLines(Silent):
    """Writes a line for each step.

    Attributes:
        write: takes a line.
    """

    write: Callable[[str], None]

    def steps(self, name: str) -> Callable[[str], None]:
        return lambda step: self.write(f"{name}: {step}")

    def bar(self, name: str) -> Callable[[int, int, str], None]:
        return lambda done, total, text: self.write(f"{name}: {done}/{total} {text}")
