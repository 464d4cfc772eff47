"""Acting in the sandbox as somebody else than the account's root: users, a deployed function."""

from __future__ import annotations

import json
import uuid
from collections.abc import Mapping
from typing import Any

import boto3
from botocore.config import Config

from l3kit.sandbox import SandboxState
from l3kit.sandbox.aws.account import ACCESS_KEY, ACCOUNT_ID, REGION, SECRET_KEY
from l3kit.sandbox.aws.function_instance import IDENTITY

Client = Any
_ONCE = Config(retries={"total_max_attempts": 1}, read_timeout=60)


class Caller:
    """A principal with keys; `client("s3")` makes calls as this principal."""

    def __init__(self, state: SandboxState, key: str, secret: str = SECRET_KEY, token: str | None = None) -> None:
        self._state = state
        self._keys = (key, secret, token)

    def client(self, service: str) -> Client:
        key, secret, token = self._keys
        return boto3.client(
            service,
            endpoint_url=self._state.gateway,
            region_name=REGION,
            aws_access_key_id=key,
            aws_secret_access_key=secret,
            aws_session_token=token,
            config=_ONCE,
        )


def root(state: SandboxState) -> Caller:
    return Caller(state, ACCESS_KEY)


def operator(state: SandboxState) -> Caller:
    """The caller of l3kit's own sandbox session."""
    return Caller(state, "sandbox")


def function(state: SandboxState, name: str) -> Caller:
    """A deployed function's identity, without running the function."""
    return Caller(state, ACCESS_KEY, token=IDENTITY.format(function=name, instance="test"))


def user(state: SandboxState, *statements: Mapping[str, Any]) -> tuple[str, Caller]:
    """Create a user with these statements as its only policy. Returns: name and caller."""
    iam, name = root(state).client("iam"), f"user-{uuid.uuid4().hex[:8]}"
    iam.create_user(UserName=name)
    if statements:
        iam.put_user_policy(UserName=name, PolicyName="own", PolicyDocument=document(*statements))
    key = iam.create_access_key(UserName=name)["AccessKey"]
    return name, Caller(state, key["AccessKeyId"], key["SecretAccessKey"])


def allow(actions: str | list[str], resources: str | list[str] = "*", **more: Any) -> dict[str, Any]:
    return {"Effect": "Allow", "Action": actions, "Resource": resources, **more}


def deny(actions: str | list[str], resources: str | list[str] = "*", **more: Any) -> dict[str, Any]:
    return {**allow(actions, resources, **more), "Effect": "Deny"}


def document(*statements: Mapping[str, Any]) -> str:
    return json.dumps({"Version": "2012-10-17", "Statement": list(statements)})


def table_arn(name: str) -> str:
    return f"arn:aws:dynamodb:us-east-1:{ACCOUNT_ID}:table/{name}"
