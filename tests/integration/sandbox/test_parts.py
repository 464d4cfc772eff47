"""What a twin does not need is not started; what joins later is watched, listed, fired and ended like the rest."""

from __future__ import annotations

import resource
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from l3kit import sandbox as l3kit_sandbox
from l3kit.cli import main
from l3kit.errors import SandboxError
from l3kit.sandbox import SandboxState
from l3kit.sandbox.listing import sandboxes
from l3kit.session import sandbox_session
from tests.integration.sandbox.conftest import RUNTIME, make_zip
from tests.support.cloud_functions import definition, gcp_zip

pytestmark = pytest.mark.sandbox


@pytest.fixture(scope="module")
def bare(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SandboxState]:
    """A sandbox of Google Cloud alone."""
    home = tmp_path_factory.mktemp("bare")
    yield l3kit_sandbox.ensure_up(home, clouds=["gcp"])
    l3kit_sandbox.down(home)


def names(state: SandboxState) -> list[str]:
    found = l3kit_sandbox.status(state.home)
    assert found is not None
    return [process.name for process in found.processes]


def test_a_sandbox_without_aws_runs_none_of_its_emulators(bare: SandboxState) -> None:
    """Not for a session, a function, the gateway's health or what can be fired either."""
    session = sandbox_session(bare)
    assert session.aws.account_id == "123456789012"
    assert session.gcp is not None
    session.gcp.functions.put("alone", definition(), gcp_zip("def main(request):\n    return 'here'\n"))
    assert session.gcp.functions.invoke("alone", b"", timeout=60) == (200, b"here")
    assert main(["sandbox", "fire", "--home", str(bare.home)]) == 1
    assert names(bare) == ["gateway"]


def test_those_who_need_a_part_at_once_get_the_same_one(bare: SandboxState) -> None:
    """Ten first calls to AWS, five of them to DynamoDB."""
    session = sandbox_session(bare)
    table = {
        "KeySchema": [{"AttributeName": "id", "KeyType": "HASH"}],
        "AttributeDefinitions": [{"AttributeName": "id", "AttributeType": "S"}],
        "BillingMode": "PAY_PER_REQUEST",
    }
    hot, sts = session.aws.client("dynamodb"), session.aws.client("sts")
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
        Target={"Arn": arn, "RoleArn": role},
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


@contextmanager
def no_room() -> Iterator[None]:
    """As on a full disk, for this process and those that it starts: no file may hold anything."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)


def test_a_full_disk_is_told_by_the_sandbox_that_cannot_start(tmp_path: Path) -> None:
    with pytest.raises(SandboxError, match=r"cannot be used \(File too large.*\)\. Make room") as caught, no_room():
        l3kit_sandbox.up(tmp_path / "home")
    assert str(tmp_path / "home") in caught.value.resource
    assert l3kit_sandbox.status(tmp_path / "home") is None
