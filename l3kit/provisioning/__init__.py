"""Plan, apply and destroy, for any cloud; packing a function into a zip; the log of steps.

No cloud's SDK here: what a resource is and how it is made lives in `l3kit/clouds/<cloud>/provisioning`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from l3kit.late_imports import offered

if TYPE_CHECKING:
    from l3kit.provisioning.model import Finding, Plan, Resource, Step
    from l3kit.provisioning.run import ApplyResult, apply, destroy, plan, plan_destroy

__all__ = ["ApplyResult", "Finding", "Plan", "Resource", "Step", "apply", "destroy", "plan", "plan_destroy"]
_PLACES = {
    "Finding": "l3kit.provisioning.model",
    "Plan": "l3kit.provisioning.model",
    "Resource": "l3kit.provisioning.model",
    "Step": "l3kit.provisioning.model",
    "ApplyResult": "l3kit.provisioning.run",
    "apply": "l3kit.provisioning.run",
    "destroy": "l3kit.provisioning.run",
    "plan": "l3kit.provisioning.run",
    "plan_destroy": "l3kit.provisioning.run",
}
__getattr__ = offered(__name__, _PLACES)
