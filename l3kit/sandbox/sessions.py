"""Connect a session to the clouds of a sandbox."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING

from l3kit.sandbox.emulator_accounts import COSMOS_KEY, PROJECT, STORAGE_KEY, SUBSCRIPTION
from l3kit.sandbox.functions.client import SandboxFunctionHost
from l3kit.sandbox.state import SandboxState

if TYPE_CHECKING:
    from l3kit.clouds.azure.session import AzureSession
    from l3kit.clouds.gcp.session import GcpSession
    from l3kit.clouds.ports.cloud import Cloud

AZURE_REGION, GCP_REGION = "westeurope", "us-central1"


def clouds_of(state: SandboxState) -> dict[str, Cloud]:
    """The clouds by name: AWS, whose emulators start with the first call, and the other clouds already started."""
    started = ("aws", *(cloud for cloud in state.clouds if cloud != "aws"))
    return {cloud: _OPENERS[cloud](state) for cloud in started}


def _aws(state: SandboxState) -> Cloud:
    from l3kit.clouds.aws.cloud import AwsCloud
    from l3kit.clouds.aws.session import open_sandbox

    return AwsCloud(open_sandbox(state.aws_endpoint, state.region))


def azure_session(state: SandboxState) -> AzureSession:
    """Azure session on a sandbox whose Azure services are running."""
    from l3kit.clouds.azure.session import AzureSession

    cosmos, blob = state.endpoints["cosmos"], state.endpoints["blob"]
    host = SandboxFunctionHost(state.aws_endpoint, "azure")
    return AzureSession(SUBSCRIPTION, AZURE_REGION, cosmos, COSMOS_KEY, blob, STORAGE_KEY, host)


def gcp_session(state: SandboxState) -> GcpSession:
    """Google Cloud session on a sandbox whose Google Cloud services are running."""
    from l3kit.clouds.gcp.session import GcpSession

    storage, firestore = state.endpoints["storage"], state.endpoints["firestore"]
    return GcpSession(PROJECT, GCP_REGION, storage, firestore, SandboxFunctionHost(state.aws_endpoint, "gcp"))


def _azure(state: SandboxState) -> Cloud:
    from l3kit.clouds.azure.cloud import AzureCloud

    return AzureCloud(azure_session(state))


def _gcp(state: SandboxState) -> Cloud:
    from l3kit.clouds.gcp.cloud import GcpCloud

    return GcpCloud(gcp_session(state))


_OPENERS: Mapping[str, Callable[[SandboxState], Cloud]] = {"aws": _aws, "azure": _azure, "gcp": _gcp}
