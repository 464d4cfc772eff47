"""Provisioning on AWS by boto3: one module per resource type, what a twin wants of them, and the permissions needed.

Not packed into functions. Plan, apply and destroy are in `l3kit.provisioning`.
"""

from l3kit.clouds.aws.provisioning.permissions import REQUIRED_PERMISSIONS
from l3kit.clouds.aws.provisioning.wanted import AwsProvisioner

__all__ = ["REQUIRED_PERMISSIONS", "AwsProvisioner"]
