"""Which clouds a session on a sandbox opens: those of the twin, and another only when it is asked for."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import threading
from collections.abc import Iterator, Sequence
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import psutil
import pytest

from l3kit.providers import BUILT_IN
from l3kit.sandbox.gcp.identity import Tokens, keep_operator_token
from l3kit.sandbox.state import Home, ProcessInfo, SandboxState, write_json
from l3kit.session import sandbox_session
from tests.integration.aws.conftest import write_twin

NOWHERE = "http://127.0.0.1:9"
ADDRESSES = {
    **dict.fromkeys(("cosmos", "blob", "iothub", "storage", "gcp_control"), NOWHERE),
    "firestore": NOWHERE.removeprefix("http://"),
}
OPENING = (
    "import json, sys, l3kit\n"
    "twin = l3kit.open(sys.argv[1], progress=False)\n"
    "print(json.dumps([list(twin.session.clouds), sorted(sys.modules)]))"
)
AWS_PARTS = ("boto3", "botocore", "moto", "l3kit.sandbox.aws", "l3kit.clouds.aws.cloud", "l3kit.clouds.aws.session")


class Healthy(BaseHTTPRequestHandler):
    """The part of a gateway that tells that it runs: this process."""

    def do_GET(self) -> None:
        content = json.dumps({"pid": os.getpid()}).encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, format: str, *args: object) -> None:
        """Keep the output of the tests clean."""


@pytest.fixture
def gateway() -> Iterator[int]:
    """The port of a gateway that starts nothing."""
    server = HTTPServer(("127.0.0.1", 0), Healthy)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield server.server_port
    server.shutdown()
    thread.join()
    server.server_close()


def state_of(home: Path, clouds: Sequence[str] = tuple(BUILT_IN), *, port: int = 9) -> SandboxState:
    """A sandbox with these clouds, the files with its state and its operator's token written."""
    me = ProcessInfo("gateway", os.getpid(), port, "x.log", psutil.Process().create_time())
    address, begun = f"http://127.0.0.1:{port}", "2026-11-28T20:00:00+00:00"
    state = SandboxState(address, (me,), home, begun, ADDRESSES, tuple(clouds))
    folder = Home(home).cloud("gcp")
    folder.mkdir(parents=True)
    keep_operator_token(Tokens(), folder)
    write_json(Home(home).state_file, state.to_json())
    return state


def test_a_twin_without_aws_opens_its_own_clouds_and_loads_nothing_of_aws(tmp_path: Path, gateway: int) -> None:
    """In a sandbox where AWS runs, too."""
    home, twin = tmp_path / "home", tmp_path / "twin"
    home.mkdir()
    twin.mkdir()
    state_of(home, port=gateway)
    write_twin(twin, "without-aws", "azure", "gcp", "gcp", ["d"])
    done = subprocess.run(
        [sys.executable, "-c", OPENING, str(twin)],
        env={**os.environ, "L3KIT_SANDBOX_HOME": str(home)},
        capture_output=True,
        text=True,
        check=True,
    )
    clouds, modules = json.loads(done.stdout)
    assert clouds == ["azure", "gcp"]
    assert [name for name in modules if name.startswith(AWS_PARTS)] == []


def test_a_cloud_that_the_twin_does_not_use_is_opened_only_when_it_is_asked_for(tmp_path: Path) -> None:
    session = sandbox_session(state_of(tmp_path, ["azure", "gcp"]), ["gcp"])
    assert list(session.clouds) == ["gcp"]
    assert session.cloud("azure") is None
    other = session.any_cloud("azure")
    assert other is not None
    assert other.provider == "azure"
    assert session.any_cloud("gcp") is session.clouds["gcp"]
    assert session.any_cloud("aws") is None, "the sandbox has not started it"


def test_a_session_without_a_choice_reaches_what_the_sandbox_has_started(tmp_path: Path) -> None:
    assert list(sandbox_session(state_of(tmp_path, ["gcp"])).clouds) == ["gcp"]
