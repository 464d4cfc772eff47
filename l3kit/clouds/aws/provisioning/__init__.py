"""Provisioning on AWS by boto3: one module per resource type, what a twin wants of them, and the permissions needed.

Not packed into functions. Plan, apply and destroy are in `l3kit.provisioning`.
"""

from l3kit.clouds.aws.provisioning.permissions import REQUIRED_PERMISSIONS, preflight
from l3kit.clouds.aws.provisioning.wanted import functions_of, unwanted, wanted, wanted_for_removal

__all__ = ["REQUIRED_PERMISSIONS", "functions_of", "preflight", "unwanted", "wanted", "wanted_for_removal"]
