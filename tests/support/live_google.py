"""Google Cloud as `target: live` opens it, whose addresses and credentials are those of a sandbox's double."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import google.oauth2.credentials

from l3kit.clouds.aws.cloud import AwsCloud
from l3kit.clouds.aws.session import open_sandbox
from l3kit.clouds.gcp.cloud import GcpCloud
from l3kit.clouds.gcp.control.place import Place
from l3kit.clouds.gcp.control.policies import Held, change, held_by, project_policy, with_held
from l3kit.clouds.gcp.opening import Endpoints, open_project
from l3kit.sandbox import SandboxState
from l3kit.sandbox.aws.account import REGION as AWS_REGION
from l3kit.sandbox.gcp.account import NAME, OPERATOR, PROJECT, REGION
from l3kit.sandbox.gcp.identity import operator_token
from l3kit.sandbox.state import Home
from l3kit.session import Session

TOKENS = "roles/iam.serviceAccountOpenIdTokenCreator"
"""The role with which an operator calls functions; the sandbox's has it."""


def endpoints_of(state: SandboxState) -> Endpoints:
    control = state.endpoints["gcp_control"]
    return Endpoints(lambda host: f"{control}/{host}", state.endpoints["storage"], state.endpoints["firestore"])


def live_session(state: SandboxState, project: str = PROJECT, region: str = REGION) -> Session:
    """Open a session on the double as its operator, a person."""
    return Session("live", {"gcp": live_cloud(state, project, region)})


def session_with_aws(state: SandboxState) -> Session:
    """Open one on AWS as well; its links are the sandbox's, since a real account's are never on loopback."""
    aws = AwsCloud(open_sandbox(state.gateway, AWS_REGION))
    return Session("sandbox", {"aws": aws, "gcp": live_cloud(state)}, state.home, state.gateway)


def live_cloud(state: SandboxState, project: str = PROJECT, region: str = REGION) -> GcpCloud:
    token = operator_token(Home(state.home).cloud(NAME))
    person = google.oauth2.credentials.Credentials(token)
    return GcpCloud(open_project(project, region, found=lambda: (person, ""), endpoints=endpoints_of(state)))


@contextmanager
def without_tokens(session: Session) -> Iterator[None]:
    """Take the role `TOKENS` from the operator until the block ends, as owners of real projects lack it."""
    cloud, member = session.clouds["gcp"], f"user:{OPERATOR}"
    assert isinstance(cloud, GcpCloud)
    place = Place(cloud.session.control, PROJECT, REGION, cloud.session.patience)
    policy = project_policy(place)
    change(place, policy, lambda now: with_held(now, member, held_by(now, member) - {Held(TOKENS)}))
    try:
        yield
    finally:
        change(place, policy, lambda now: with_held(now, member, held_by(now, member) | {Held(TOKENS)}))
