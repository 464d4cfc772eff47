"""A table and a bucket for callers."""

from __future__ import annotations

import uuid

import pytest

from tests.integration.sandbox.aws.callers import make_table
from tests.integration.sandbox.aws.calls import Aws


@pytest.fixture(scope="module")
def table(aws: Aws) -> str:
    return make_table(aws)


@pytest.fixture
def bucket(aws: Aws) -> str:
    name = f"permissions-{uuid.uuid4().hex[:8]}"
    aws("s3").create_bucket(Bucket=name)
    aws("s3").put_object(Bucket=name, Key="k", Body=b"x")
    return name
