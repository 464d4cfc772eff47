"""AWS in a sandbox: its emulators are behind the gateway's own address."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from l3kit.sandbox import node_install
from l3kit.sandbox.aws.account import ACCESS_KEY, REGION, SECRET_KEY
from l3kit.sandbox.aws.firing import fire, schedules
from l3kit.sandbox.cloud import Progress, SandboxCloud

if TYPE_CHECKING:
    from l3kit.clouds.aws.cloud import AwsCloud
    from l3kit.sandbox.aws.services import AwsServices
    from l3kit.sandbox.service_host import ServiceHost
    from l3kit.sandbox.state import SandboxState


def own_services(host: ServiceHost) -> AwsServices:
    """Return the services of a gateway."""
    from l3kit.sandbox.aws.services import AwsServices

    return AwsServices(host)


def install(progress: Progress) -> None:
    """Install dynalite, which starts with DynamoDB's first request."""
    node_install.ready(node_install.NODE_FILES, progress)


def environment(state: SandboxState) -> Mapping[str, str]:
    """Return variables that point boto3 and l3kit at this sandbox; the credentials are valid nowhere else."""
    return {
        "AWS_ENDPOINT_URL": state.gateway,
        "AWS_REGION": REGION,
        "AWS_DEFAULT_REGION": REGION,
        "AWS_ACCESS_KEY_ID": ACCESS_KEY,
        "AWS_SECRET_ACCESS_KEY": SECRET_KEY,
    }


def open_cloud(state: SandboxState) -> AwsCloud:
    """Open the sandbox's account."""
    from l3kit.clouds.aws.cloud import AwsCloud
    from l3kit.clouds.aws.session import open_sandbox

    return AwsCloud(open_sandbox(state.gateway, REGION))


PART = SandboxCloud(
    "moto", None, open_cloud, install, own_services=own_services, schedules=schedules, fire_schedule=fire
)
