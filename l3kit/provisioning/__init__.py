"""Plan, apply and destroy, for any cloud; packing a function into a zip; the log of steps.

No cloud's SDK here: what a resource is and how it is made lives in `l3kit/clouds/<cloud>/provisioning`.
"""

from l3kit.provisioning.model import Finding, Plan, Resource, Step
from l3kit.provisioning.run import ApplyResult, apply, destroy, plan, plan_destroy

__all__ = ["ApplyResult", "Finding", "Plan", "Resource", "Step", "apply", "destroy", "plan", "plan_destroy"]
