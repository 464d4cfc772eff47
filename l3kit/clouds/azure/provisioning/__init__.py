"""Provisioning on Azure: one module per resource type, and what a twin wants of them.

Not packed into functions. Plan, apply and destroy are in `l3kit.provisioning`.
"""

from l3kit.clouds.azure.provisioning.wanted import AzureProvisioner

__all__ = ["AzureProvisioner"]
