"""A role for functions of the shared sandbox (`tests/support/shared_sandbox.py`)."""

from __future__ import annotations

import contextlib
import json
from collections.abc import Callable
from typing import Any

import pytest

from tests.integration.sandbox.conftest import EVERYTHING, trust


@pytest.fixture(scope="module")
def role(aws: Callable[[str], Any]) -> str:
    """A role for functions and schedules that may do everything; made again if a test has removed it."""
    iam = aws("iam")
    with contextlib.suppress(iam.exceptions.NoSuchEntityException):
        return str(iam.get_role(RoleName="sandbox-tests")["Role"]["Arn"])
    made = iam.create_role(RoleName="sandbox-tests", AssumeRolePolicyDocument=trust("lambda", "scheduler"))
    iam.put_role_policy(RoleName="sandbox-tests", PolicyName="all", PolicyDocument=json.dumps(EVERYTHING))
    return str(made["Role"]["Arn"])
