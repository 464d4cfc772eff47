"""The state file: what is written is read again, and of one of another version the processes alone."""

from __future__ import annotations

from pathlib import Path

from l3kit.sandbox.aws.part import environment
from l3kit.sandbox.state import Home, ProcessInfo, SandboxState, read_state, write_json

GATEWAY = ProcessInfo("gateway", 2**22 + 1, 9, "gateway.log", 1.0)


def state_of(home: Path) -> SandboxState:
    facts = {"region": "us-east-1"}
    return SandboxState("http://127.0.0.1:9", (GATEWAY,), home, "then", {"blob": "x"}, ("azure",), facts)


def test_a_written_state_is_read_again(tmp_path: Path) -> None:
    write_json(Home(tmp_path).state_file, state_of(tmp_path).to_json())
    assert read_state(Home(tmp_path)) == state_of(tmp_path)


def test_a_state_with_the_gateways_former_name_is_read_for_its_processes_alone(tmp_path: Path) -> None:
    """Format 3 called the address after AWS; `up` and `down` must still find what is to be ended."""
    content = state_of(tmp_path).to_json()
    content |= {"aws_endpoint": content.pop("gateway"), "format": 3}
    write_json(Home(tmp_path).state_file, content)
    assert read_state(Home(tmp_path)) is None
    found = read_state(Home(tmp_path), any_format=True)
    assert found is not None
    assert found.processes == (GATEWAY,)


def test_a_state_of_the_format_before_is_read_for_its_processes_alone(tmp_path: Path) -> None:
    """Format 4 had AWS's region beside the address."""
    content = state_of(tmp_path).to_json()
    del content["facts"]
    write_json(Home(tmp_path).state_file, {**content, "region": "us-east-1", "format": 4})
    assert read_state(Home(tmp_path)) is None
    found = read_state(Home(tmp_path), any_format=True)
    assert found is not None
    assert (found.processes, found.facts) == ((GATEWAY,), {})


def test_the_variables_for_boto3_lead_to_the_gateway(tmp_path: Path) -> None:
    variables = environment(state_of(tmp_path))
    assert variables["AWS_ENDPOINT_URL"] == "http://127.0.0.1:9"
    assert variables["AWS_REGION"] == variables["AWS_DEFAULT_REGION"] == "us-east-1"
