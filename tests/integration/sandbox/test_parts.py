"""What a twin does not need is not started; what joins later is watched, listed, fired and ended like the rest."""

from __future__ import annotations

import base64
import json
import subprocess
import sys
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import boto3
import psutil
import pytest
from azure.core.exceptions import HttpResponseError
from azure.storage.blob import BlobServiceClient, ContainerClient
from botocore.config import Config
from botocore.exceptions import ClientError
from google.api_core.exceptions import InternalServerError

from l3kit import sandbox as l3kit_sandbox
from l3kit.cli import main
from l3kit.errors import ProvisioningError, SandboxError
from l3kit.sandbox import SandboxState
from l3kit.sandbox.aws.account import REGION
from l3kit.sandbox.aws.part import environment
from l3kit.sandbox.azure.part import storage_connection_string
from l3kit.sandbox.listing import sandboxes
from l3kit.session import sandbox_session
from tests.integration.sandbox.conftest import RUNTIME, make_zip, trust
from tests.support.accounts import aws_of, azure_of, gcp_of
from tests.support.full_disk import no_room
from tests.support.google_clients import storage_client
from tests.support.google_functions import put_function
from tests.support.waiting import wait_until

pytestmark = pytest.mark.sandbox
ROOT = Path(__file__).parents[3]
ONCE = Config(retries={"total_max_attempts": 1})


@pytest.fixture(scope="module")
def bare(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SandboxState]:
    """A sandbox of Google Cloud alone."""
    home = tmp_path_factory.mktemp("bare")
    yield l3kit_sandbox.ensure_up(home, clouds=["gcp"])
    l3kit_sandbox.down(home)


@pytest.mark.slow
def test_a_whole_life_without_aws_starts_nothing_of_it(tmp_path: Path) -> None:
    """Deployed, loaded, moved, restored, queried, verified and destroyed."""
    command = [sys.executable, "-m", "tests.support.twin_life", str(tmp_path / "home"), "gcp-gcp-gcp"]
    try:
        lived = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=800, check=True)
        assert json.loads(lived.stdout)["failed"] == []
        state = l3kit_sandbox.status(tmp_path / "home")
        assert state is not None
        assert state.clouds == ("gcp",)
        assert names(state) == ["gateway"]
    finally:
        l3kit_sandbox.down(tmp_path / "home")


def names(state: SandboxState) -> list[str]:
    found = l3kit_sandbox.status(state.home)
    assert found is not None
    return [process.name for process in found.processes]


def test_a_sandbox_without_aws_runs_none_of_its_emulators(bare: SandboxState) -> None:
    """Not for a session, a function, the gateway's health or what can be fired either."""
    session = sandbox_session(bare, ["aws", "gcp"])
    assert aws_of(session).account_id == "123456789012"
    put_function(gcp_of(session), "alone", "def main(request):\n    return 'here'\n")
    assert gcp_of(session).functions.invoke("alone", b"", timeout=60) == (200, b"here")
    for named in ([], ["no-such-schedule"]):
        assert main(["sandbox", "fire", *named, "--home", str(bare.home)]) == 1
    assert names(bare) == ["gateway"]


@contextmanager
def full(process: psutil.Process, most: int = 0) -> Iterator[None]:
    """As `no_room`, for a process that runs; with `most` bytes a file is still written."""
    before = process.rlimit(psutil.RLIMIT_FSIZE)
    process.rlimit(psutil.RLIMIT_FSIZE, (most, before[1]))
    try:
        yield
    finally:
        process.rlimit(psutil.RLIMIT_FSIZE, before)


def client(state: SandboxState, service: str) -> Any:
    keys = environment(state)
    return boto3.client(
        service, endpoint_url=state.gateway, region_name=REGION, config=ONCE,
        aws_access_key_id=keys["AWS_ACCESS_KEY_ID"], aws_secret_access_key=keys["AWS_SECRET_ACCESS_KEY"],
    )  # fmt: skip


def test_a_full_disk_is_told_by_every_part_and_ends_none(bare: SandboxState) -> None:
    """The content of an object, a function's code, its log, the gateway's state; afterwards all goes on."""
    session = sandbox_session(bare)
    gateway = psutil.Process(bare.processes[0].pid)
    bucket = storage_client(gcp_of(session)).bucket("full")
    bucket.iam_configuration.uniform_bucket_level_access_enabled = True
    bucket.create()
    with full(gateway), pytest.raises(SandboxError, match=r"File too large\. Make room"):
        l3kit_sandbox.ensure_up(bare.home, clouds=["aws"])
    assert l3kit_sandbox.ensure_up(bare.home, clouds=["aws"]).clouds == ("aws", "gcp")
    role = client(bare, "iam").create_role(RoleName="full", AssumeRolePolicyDocument=trust("lambda"))["Role"]["Arn"]
    root = client(bare, "lambda")
    function: dict[str, Any] = {
        "FunctionName": "full", "Runtime": RUNTIME, "Handler": "app.handler",
        "Role": role,
        "Code": {"ZipFile": make_zip("def handler(event, context):\n    return 'here'\n")},
    }  # fmt: skip
    root.create_function(**function)
    with full(gateway):
        with pytest.raises(InternalServerError, match=r"File too large\. Make room"):
            bucket.blob("x").upload_from_string(b"content", retry=None)
        with pytest.raises(ClientError, match=r"File too large\. Make room"):
            root.create_function(**function | {"FunctionName": "more"})
        invoked = root.invoke(FunctionName="full", LogType="Tail")
        assert invoked["Payload"].read() == b'"here"'
        assert b"full.log cannot be written: File too large" in base64.b64decode(invoked["LogResult"])
        with pytest.raises(ProvisioningError, match=r"File too large|cannot write"):
            put_function(gcp_of(session), "more", "def main(request):\n    return 'x'\n")
    bucket.blob("x").upload_from_string(b"content")
    root.create_function(**function | {"FunctionName": "more"})


def blob_service(state: SandboxState) -> BlobServiceClient:
    session = azure_of(sandbox_session(state))
    assert session is not None
    return BlobServiceClient(session.storage_url, session.storage_key)


@pytest.mark.slow
def test_a_container_of_an_earlier_sandbox_is_gone(tmp_path: Path) -> None:
    """Azurite alone keeps its data in files; a twin deployed anew must not find the chunks of the one before."""
    home = tmp_path / "home"
    saved = home / "azurite" / "__azurite_db_blob__.json"
    try:
        blob_service(l3kit_sandbox.ensure_up(home, clouds=["azure"])).create_container("left-behind")
        assert wait_until(lambda: saved.exists() and "left-behind" in saved.read_text(), 60)
        l3kit_sandbox.down(home)
        after = blob_service(l3kit_sandbox.ensure_up(home, clouds=["azure"]))
        assert [container.name for container in after.list_containers()] == []
    finally:
        l3kit_sandbox.down(home)


@pytest.mark.parametrize("most", [0, 65_536])
def test_a_full_disk_is_told_by_azurite(all_clouds: SandboxState, most: int) -> None:
    """Where its log has room the reason stands there too; what was there is read on the same connection."""
    info = next(part for part in all_clouds.processes if part.name == "azurite")
    blobs = ContainerClient.from_connection_string(
        storage_connection_string(all_clouds.endpoints["blob"]), f"full-{most}", retry_total=0, read_timeout=20
    )
    blobs.create_container()
    blobs.upload_blob("before", b"content")
    with full(psutil.Process(info.pid), most):
        for work in (
            lambda: blobs.upload_blob("half", bytes(3_000_000)),
            lambda: blobs.upload_blob("before", bytes(3_000_000), overwrite=True),
            lambda: blobs.get_blob_client("half").stage_block("MDAw", bytes(100_000)),
        ):
            with pytest.raises(HttpResponseError, match=r"cannot be written: File too large\. Make room"):
                work()
            assert blobs.download_blob("before").readall() == b"content"
        assert ("EFBIG" in Path(info.log_file).read_text("utf-8")) == bool(most)
    assert [(blob.name, blob.size) for blob in blobs.list_blobs(include=["uncommittedblobs"])] == [("before", 7)]
    blobs.upload_blob("half", bytes(3_000_000))
    assert blobs.download_blob("half").readall() == bytes(3_000_000)


def test_those_who_need_a_part_at_once_get_the_same_one(bare: SandboxState) -> None:
    """Ten first calls to AWS, five of them to DynamoDB."""
    table = {
        "KeySchema": [{"AttributeName": "id", "KeyType": "HASH"}],
        "AttributeDefinitions": [{"AttributeName": "id", "AttributeType": "S"}],
        "BillingMode": "PAY_PER_REQUEST",
    }
    hot, sts = client(bare, "dynamodb"), aws_of(sandbox_session(bare, ["aws"])).client("sts")
    with ThreadPoolExecutor(10) as pool:
        calls: list[Callable[[], Any]] = [sts.get_caller_identity] * 5
        calls += [lambda n=n: hot.create_table(TableName=f"twin-hot-iot-data-{n}", **table) for n in range(5)]
        for done in [pool.submit(call) for call in calls]:
            done.result(60)
    assert names(bare) == ["gateway", "moto", "dynalite"]
    listed = next(one for one in sandboxes() if one.home == str(bare.home))
    assert listed.clouds == ("aws", "gcp")
    assert listed.name is None
    assert not listed.here
    assert listed.processes >= 3


def test_fire_tells_what_can_be_fired(
    sandbox: SandboxState, aws: Callable[[str], Any], role: str, capsys: pytest.CaptureFixture[str]
) -> None:
    client = aws("lambda")
    client.create_function(
        FunctionName="fireable", Runtime=RUNTIME, Role=role, Handler="app.handler",
        Code={"ZipFile": make_zip("def handler(event, context):\n    return 'fired'\n")},
    )  # fmt: skip
    arn = client.get_function(FunctionName="fireable")["Configuration"]["FunctionArn"]
    aws("scheduler").create_schedule(
        Name="fireable-daily", ScheduleExpression="rate(1 day)", FlexibleTimeWindow={"Mode": "OFF"},
        Target={"Arn": arn, "RoleArn": role, "Input": "{}"},
    )  # fmt: skip
    home = ["--home", str(sandbox.home)]
    assert main(["sandbox", "fire", *home]) == 1
    assert "fireable-daily" in capsys.readouterr().err
    assert main(["sandbox", "fire", "firable-daily", *home]) == 1
    assert "Did you mean fireable-daily?" in capsys.readouterr().err
    assert main(["sandbox", "fire", "nothing-like-it", "--cloud", "azure", *home]) == 1
    assert "fireable-daily" in capsys.readouterr().err
    assert main(["sandbox", "fire", "fireable-daily", *home]) == 0
    assert 'fireable returned: "fired"' in capsys.readouterr().out


def test_a_full_disk_is_told_by_the_sandbox_that_cannot_start(tmp_path: Path) -> None:
    with pytest.raises(SandboxError, match=r"cannot be used \(File too large.*\)\. Make room") as caught, no_room():
        l3kit_sandbox.up(tmp_path / "home")
    assert str(tmp_path / "home") in caught.value.resource
    assert l3kit_sandbox.status(tmp_path / "home") is None
