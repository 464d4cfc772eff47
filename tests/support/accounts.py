"""The accounts of a session's clouds, for tests that inspect a deployment with a cloud's own client."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from l3kit.clouds.aws.cloud import AwsCloud
from l3kit.clouds.aws.session import AwsSession
from l3kit.clouds.azure.session import AzureSession
from l3kit.clouds.gcp.session import GcpSession
from l3kit.session import Session


def aws_of(session: Session) -> AwsSession:
    return _account(session, "aws")


def on_account(session: Session, account: AwsSession) -> Session:
    """A copy of the session that uses this AWS account."""
    return replace(session, clouds={**session.clouds, "aws": AwsCloud(account)})


def azure_of(session: Session) -> AzureSession:
    return _account(session, "azure")


def gcp_of(session: Session) -> GcpSession:
    return _account(session, "gcp")


def _account(session: Session, name: str) -> Any:
    cloud: Any = session.clouds[name]
    return cloud.session
