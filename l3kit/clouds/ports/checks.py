"""What one check of a deployed twin expected and saw, and the check of a function's variables that all clouds share."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Check:
    """One check. `hint` says what to do where it failed; `milliseconds` is set for requests."""

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
    """A deployed function has the variables it needs, none of them blank, and beside `allowed` no others."""
    missing = sorted(name for name in needed if not str(variables.get(name, "")).strip())
    strange = sorted(set(variables) - set(needed) - set(allowed))
    found = [f"missing {', '.join(missing)}"] if missing else []
    found += [f"not known {', '.join(strange)}"] if strange else []
    expected = f"{len(needed)} variables"
    hint = "Run deploy_l3, which repairs it" if found else ""
    return Check("functions", function, expected, "; ".join(found) or expected, not found, hint)
