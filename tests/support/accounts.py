"""The accounts behind a session's clouds, for tests that look at what is deployed with a cloud's own client."""

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
    """The same session but for its AWS, which it reaches by this account's clients."""
    return replace(session, clouds={**session.clouds, "aws": AwsCloud(account)})


def azure_of(session: Session) -> AzureSession:
    return _account(session, "azure")


def gcp_of(session: Session) -> GcpSession:
    return _account(session, "gcp")


def _account(session: Session, name: str) -> Any:
    cloud: Any = session.clouds[name]
    return cloud.session
