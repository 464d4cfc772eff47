"""The emulators of AWS: moto (control plane, S3) and dynalite."""

from __future__ import annotations

import sys

from l3kit.sandbox.emulators import Emulator, start_emulator
from l3kit.sandbox.node_install import NODE_FILES
from l3kit.sandbox.state import Home


async def start_moto(home: Home) -> Emulator:
    """Start moto. Raises: SandboxError with the last lines of its log."""
    return await start_emulator("moto", [sys.executable, "-m", "l3kit.sandbox.aws.moto_host"], home)


async def start_dynalite(home: Home, node: str, modules: str) -> Emulator:
    """Start dynalite.

    Args:
        node: the real node binary, not a wrapper.
        modules: folder that holds node_modules.
    Raises: SandboxError with the last lines of its log.
    """
    return await start_emulator("dynalite", [node, str(NODE_FILES / "dynalite_host.js"), modules], home)
