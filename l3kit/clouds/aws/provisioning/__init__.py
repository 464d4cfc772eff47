"""Provisioning on AWS by boto3: one module per resource type, what a twin wants of them, and the permissions needed.

Not packed into functions. Plan, apply and destroy are in `l3kit.provisioning`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from l3kit.late_imports import offered

if TYPE_CHECKING:
    from l3kit.clouds.aws.provisioning.permissions import REQUIRED_PERMISSIONS
    from l3kit.clouds.aws.provisioning.wanted import AwsProvisioner

__all__ = ["REQUIRED_PERMISSIONS", "AwsProvisioner"]
_PLACES = {
    "REQUIRED_PERMISSIONS": "l3kit.clouds.aws.provisioning.permissions",
    "AwsProvisioner": "l3kit.clouds.aws.provisioning.wanted",
}
__getattr__ = offered(__name__, _PLACES)
