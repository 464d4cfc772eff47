"""Sessions on the parts of Azure and Google Cloud that a sandbox runs."""

from __future__ import annotations

from l3kit.clouds.azure.session import AzureSession
from l3kit.clouds.gcp.session import GcpSession
from l3kit.sandbox.cloud_functions.client import SandboxFunctionHost
from l3kit.sandbox.emulator_accounts import COSMOS_KEY, PROJECT, STORAGE_KEY, SUBSCRIPTION
from l3kit.sandbox.state import SandboxState

AZURE_REGION, GCP_REGION = "westeurope", "us-central1"


def azure_session(state: SandboxState) -> AzureSession | None:
    """None where this sandbox has not started Azure."""
    if "cosmos" not in state.endpoints:
        return None
    return AzureSession(
        SUBSCRIPTION,
        AZURE_REGION,
        state.endpoints["cosmos"],
        COSMOS_KEY,
        state.endpoints["blob"],
        STORAGE_KEY,
        SandboxFunctionHost(state.aws_endpoint, "azure"),
    )


def gcp_session(state: SandboxState) -> GcpSession | None:
    """None where this sandbox has not started Google Cloud."""
    if "storage" not in state.endpoints:
        return None
    return GcpSession(
        PROJECT,
        GCP_REGION,
        state.endpoints["storage"],
        state.endpoints["firestore"],
        SandboxFunctionHost(state.aws_endpoint, "gcp"),
    )
