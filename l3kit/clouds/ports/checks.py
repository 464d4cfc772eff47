"""Result of one check of a deployed twin, and the check of a function's variables shared by all clouds."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass

from l3kit.errors import REPAIR


@dataclass(frozen=True, slots=True)
class Check:
    """Result of one check. `hint` is the remedy if it failed; `milliseconds` is set for requests."""

    group: str
    subject: str
    expected: str
    seen: str
    passed: bool
    hint: str = ""
    milliseconds: float | None = None


def variables_check(
    function: str, variables: Mapping[str, str], needed: Collection[str], allowed: Collection[str]
) -> Check:
    """Check that a deployed function has the variables it needs, none blank, and no others except `allowed`."""
    missing = sorted(name for name in needed if not str(variables.get(name, "")).strip())
    strange = sorted(set(variables) - set(needed) - set(allowed))
    found = [f"missing {', '.join(missing)}"] if missing else []
    found += [f"unexpected {', '.join(strange)}"] if strange else []
    expected = f"{len(needed)} variables"
    hint = REPAIR if found else ""
    return Check("functions", function, expected, "; ".join(found) or expected, not found, hint)
