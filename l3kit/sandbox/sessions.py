"""The clouds that a sandbox runs, as a session reaches them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING

from l3kit.sandbox.emulator_accounts import COSMOS_KEY, PROJECT, STORAGE_KEY, SUBSCRIPTION
from l3kit.sandbox.functions.client import SandboxFunctionHost
from l3kit.sandbox.state import SandboxState

if TYPE_CHECKING:
    from l3kit.clouds.ports.cloud import Cloud

AZURE_REGION, GCP_REGION = "westeurope", "us-central1"


def clouds_of(state: SandboxState) -> dict[str, Cloud]:
    """By name: AWS, whose emulators are started by the first call, and the other clouds that have been started."""
    started = ("aws", *(cloud for cloud in state.clouds if cloud != "aws"))
    return {cloud: _OPENERS[cloud](state) for cloud in started}


def _aws(state: SandboxState) -> Cloud:
    from l3kit.clouds.aws.cloud import AwsCloud
    from l3kit.clouds.aws.session import open_sandbox

    return AwsCloud(open_sandbox(state.aws_endpoint, state.region))


def _azure(state: SandboxState) -> Cloud:
    from l3kit.clouds.azure.cloud import AzureCloud
    from l3kit.clouds.azure.session import AzureSession

    cosmos, blob = state.endpoints["cosmos"], state.endpoints["blob"]
    host = SandboxFunctionHost(state.aws_endpoint, "azure")
    return AzureCloud(AzureSession(SUBSCRIPTION, AZURE_REGION, cosmos, COSMOS_KEY, blob, STORAGE_KEY, host))


def _gcp(state: SandboxState) -> Cloud:
    from l3kit.clouds.gcp.cloud import GcpCloud
    from l3kit.clouds.gcp.session import GcpSession

    storage, firestore = state.endpoints["storage"], state.endpoints["firestore"]
    return GcpCloud(GcpSession(PROJECT, GCP_REGION, storage, firestore, SandboxFunctionHost(state.aws_endpoint, "gcp")))


_OPENERS: Mapping[str, Callable[[SandboxState], Cloud]] = {"aws": _aws, "azure": _azure, "gcp": _gcp}
