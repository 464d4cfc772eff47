"""Operators with given permissions: users of the sandbox's account with their own keys."""

from __future__ import annotations

import itertools
import json
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import Any

import boto3

from l3kit.clouds.aws.control.grants import Grant
from l3kit.clouds.aws.control.operator_policy import Scope, managed_policies, policy_of
from l3kit.clouds.aws.session import AwsSession
from l3kit.sandbox.aws.account import ACCESS_KEY, SECRET_KEY
from l3kit.session import Session
from tests.support.accounts import aws_of, on_account

_numbers = itertools.count(1)


def session_of(session: Session, access_key: str, secret_key: str) -> Session:
    """A session on the same sandbox with another access key."""
    aws = aws_of(session)
    boto = boto3.Session(aws_access_key_id=access_key, aws_secret_access_key=secret_key, region_name=aws.region)
    return on_account(session, AwsSession(aws.region, aws.account_id, aws.endpoint_url, boto))


def root_of(session: Session) -> Session:
    """A session on the same sandbox as the account's root."""
    return session_of(session, ACCESS_KEY, SECRET_KEY)


@dataclass
class Operator:
    """A user with the permissions of the last `allow`."""

    iam: Any
    name: str
    session: Session

    @classmethod
    def create(cls, session: Session, aws: Callable[[str], Any]) -> Operator:
        iam, name = aws("iam"), f"operator-{next(_numbers)}"
        iam.create_user(UserName=name)
        key = iam.create_access_key(UserName=name)["AccessKey"]
        return cls(iam, name, session_of(session, key["AccessKeyId"], key["SecretAccessKey"]))

    def allow(self, scope: Scope, grants: Iterable[Grant]) -> None:
        """Grant exactly these rows on this twin's resources."""
        for policy in self.iam.list_attached_user_policies(UserName=self.name)["AttachedPolicies"]:
            self.iam.detach_user_policy(UserName=self.name, PolicyArn=policy["PolicyArn"])
            self.iam.delete_policy(PolicyArn=policy["PolicyArn"])
        document = policy_of(scope, grants)
        for part in managed_policies(document) if document["Statement"] else []:
            name, text = f"{self.name}-{next(_numbers)}", json.dumps(part)
            made = self.iam.create_policy(PolicyName=name, PolicyDocument=text)["Policy"]["Arn"]
            self.iam.attach_user_policy(UserName=self.name, PolicyArn=made)

    @contextmanager
    def lacking(self, scope: Scope, grants: tuple[Grant, ...], missing: Grant, action: str) -> Iterator[None]:
        """Grant these rows without one action on one kind of resource, for the duration of the block."""
        left = [
            replace(g, actions=tuple(a for a in g.actions if a != action)) if g.on == missing.on else g for g in grants
        ]
        self.allow(scope, [grant for grant in left if grant.actions])
        try:
            yield
        finally:
            self.allow(scope, grants)
