"""Sessions that reach nothing."""

from __future__ import annotations

import json
from pathlib import Path

import boto3
import pytest
from botocore.config import Config

from l3kit.clouds.aws.cloud import AwsCloud
from l3kit.clouds.aws.session import AwsSession
from l3kit.clouds.aws.unanswered import unanswered
from l3kit.clouds.shared.hosted_functions import INVOKE_SECONDS
from l3kit.sandbox.state import ProcessInfo, SandboxState
from l3kit.session import Session
from tests.unit.raw_errors.telling import CLOSED, SECRET


@pytest.fixture
def dead(tmp_path: Path) -> Session:
    """A session on a sandbox of which one part has ended."""
    (tmp_path / "logs").mkdir()
    log = tmp_path / "logs" / "dynalite.log"
    log.write_text("line\n" * 50 + "FATAL: out of memory\n")
    part = ProcessInfo(name="dynalite", pid=2**22 + 1, port=9, log_file=str(log), created=1.0)
    state = SandboxState(CLOSED, (part,), tmp_path, "")
    (tmp_path / "state.json").write_text(json.dumps(state.to_json()))
    boto = boto3.Session(aws_access_key_id="x", aws_secret_access_key=SECRET, region_name="us-east-1")
    return Session("sandbox", {"aws": AwsCloud(AwsSession("us-east-1", "123456789012", CLOSED, boto))}, tmp_path)


@pytest.fixture(scope="module")
def unreachable() -> Session:
    """An account's session whose every call of boto3 finds nobody."""
    boto = boto3.Session(aws_access_key_id="x", aws_secret_access_key=SECRET, region_name="us-east-1")
    boto.events.register("after-call-error", unanswered)
    names = ("dynamodb", "iam", "kms", "lambda", "logs", "s3", "scheduler", "sts")
    once = Config(retries={"total_max_attempts": 1}, proxies={})
    clients = {(name, 60.0, 6): boto.client(name, endpoint_url=CLOSED, config=once) for name in names}
    clients["lambda", INVOKE_SECONDS, 1] = clients["lambda", 60.0, 6]
    return Session("live", {"aws": AwsCloud(AwsSession("us-east-1", "123456789012", None, boto, clients))})
