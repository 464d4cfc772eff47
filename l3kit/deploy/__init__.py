"""Plan, apply and destroy, for any cloud: what a twin should have, the steps towards it, the log of steps.

No cloud by name and no SDK: resources are made in `l3kit/clouds/<cloud>/control`.
"""

from l3kit.clouds.ports.resources import Finding, Resource
from l3kit.deploy.plan import Plan, Step
from l3kit.deploy.run import ApplyResult, apply, destroy, plan, plan_destroy

__all__ = ["ApplyResult", "Finding", "Plan", "Resource", "Step", "apply", "destroy", "plan", "plan_destroy"]
