"""Nothing of the sandbox listens to anybody but this machine."""

from __future__ import annotations

import ipaddress

import psutil
import pytest

from l3kit import sandbox
from l3kit.clouds.aws.session import open_sandbox
from l3kit.sandbox import SandboxState
from l3kit.sandbox.aws.account import REGION

A = {":a": {"S": "a"}}
pytestmark = pytest.mark.sandbox


def test_every_server_of_the_three_clouds_binds_loopback_only(all_clouds: SandboxState) -> None:
    items = open_sandbox(all_clouds.gateway, REGION).client("dynamodb")
    with pytest.raises(items.exceptions.ResourceNotFoundException):  # the first request starts the last part
        items.query(TableName="none-hot-iot-data", KeyConditionExpression="a = :a", ExpressionAttributeValues=A)
    state = sandbox.status(all_clouds.home)
    assert state is not None
    gateway = psutil.Process(state.processes[0].pid)
    listening = [
        connection.laddr
        for process in (gateway, *gateway.children(recursive=True))
        for connection in process.net_connections(kind="inet")
        if connection.status == psutil.CONN_LISTEN
    ]
    addresses = [*state.endpoints.values(), state.gateway]
    ports = {int(address.split("/devstore")[0].rpartition(":")[2]) for address in addresses}
    ports |= {process.port for process in state.processes}
    assert len(ports) - ("mqtt" in {process.name for process in state.processes}) == 12
    assert ports <= {address.port for address in listening}
    assert all(is_loopback(address.ip) for address in listening), "\n".join(map(str, listening))


def is_loopback(text: str) -> bool:
    """Also of an IPv4 address as a socket of both families shows it."""
    address = ipaddress.ip_address(text)
    return (getattr(address, "ipv4_mapped", None) or address).is_loopback
