"""Provisioning on Google Cloud: one module per resource type, and what a twin wants of them.

Not packed into functions. Plan, apply and destroy are in `l3kit.provisioning`.
"""

from l3kit.clouds.gcp.provisioning.wanted import GcpProvisioner

__all__ = ["GcpProvisioner"]
