"""Plan, apply and destroy on any cloud: desired resources, the steps to reach them, the step log.

Nothing here names a cloud or uses an SDK: resources are implemented in `l3kit/clouds/<cloud>/control`.
"""

from l3kit.clouds.ports.resources import Finding, Resource
from l3kit.deploy.apply_result import ApplyResult
from l3kit.deploy.plan import Plan, Step
from l3kit.deploy.run import apply, destroy, plan, plan_destroy

__all__ = ["ApplyResult", "Finding", "Plan", "Resource", "Step", "apply", "destroy", "plan", "plan_destroy"]
