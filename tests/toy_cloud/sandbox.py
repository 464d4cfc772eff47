"""Toybox in a sandbox: its folder in the sandbox's home, its functions in the gateway's process."""

from __future__ import annotations

from collections.abc import Mapping

from l3kit.sandbox.cloud import SandboxCloud
from l3kit.sandbox.service_host import ServiceHost
from l3kit.sandbox.state import Home, SandboxState
from tests.toy_cloud.cloud import ToyCloud
from tests.toy_cloud.function_host import ToyFunctionHost
from tests.toy_cloud.function_server import FunctionServer
from tests.toy_cloud.names import NAME


async def start(host: ServiceHost) -> Mapping[str, str]:
    server = FunctionServer(host.folder(NAME) / "code")
    host.at_end(server.close)
    app = host.app(NAME)
    server.add_routes(app)
    return {NAME: await host.listen(app)}


def functions(state: SandboxState) -> ToyFunctionHost:
    return ToyFunctionHost(state.endpoints[NAME])


def open_cloud(state: SandboxState) -> ToyCloud:
    return ToyCloud(Home(state.home).cloud(NAME) / "stores", functions(state))


PART = SandboxCloud("Toybox's functions", start, open_cloud, functions=functions)
