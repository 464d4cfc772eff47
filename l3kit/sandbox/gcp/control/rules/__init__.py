"""Google's published definitions of its APIs as the rules of the sandbox's double.

They refuse what the definitions refuse: unknown paths, parameters and fields, wrong types and enums. Names taken,
states, permissions and most of what a request must have are not in them: these are the double's own.
"""

from __future__ import annotations

from l3kit.sandbox.gcp.control.rules.fault import Fault
from l3kit.sandbox.gcp.control.rules.refusals import invalid_argument, no_such_method
from l3kit.sandbox.gcp.control.rules.rules import Match, Rules

__all__ = ["Fault", "Match", "Rules", "invalid_argument", "no_such_method"]
