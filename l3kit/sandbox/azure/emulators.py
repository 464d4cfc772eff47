"""The emulators of Azure: Azurite and a Cosmos DB server."""

from __future__ import annotations

import asyncio
import shutil

from l3kit.sandbox.emulators import Emulator, start_emulator, start_failure
from l3kit.sandbox.node_install import NODE_FILES
from l3kit.sandbox.state import Home

AZURE_FILES = NODE_FILES / "azure"
"""Azurite and the Cosmos DB server, installed on Azure's first use because they take 300 MB."""


async def start_azurite(home: Home, node: str, modules: str) -> Emulator:
    """Start Azurite's blob service without the data of an earlier run.

    Args:
        node: the real node binary, not a wrapper.
        modules: folder that holds node_modules.
    Raises: SandboxError with the last lines of its log.
    """
    data = home.root / "azurite"
    try:
        await asyncio.to_thread(shutil.rmtree, data)
    except FileNotFoundError:
        pass
    except OSError as error:
        raise start_failure(
            "azurite", f"its folder {data} could not be emptied ({error.strerror})", home.log("azurite")
        ) from None
    return await start_emulator("azurite", [node, str(NODE_FILES / "azurite_host.js"), modules, str(data)], home)


async def start_cosmos(home: Home, node: str, modules: str) -> Emulator:
    """Start the Cosmos DB server.

    Args:
        node: the real node binary, not a wrapper.
        modules: folder that holds node_modules.
    Raises: SandboxError with the last lines of its log.
    """
    return await start_emulator("cosmos", [node, str(NODE_FILES / "cosmos_host.js"), modules], home)
