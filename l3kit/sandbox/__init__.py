"""The three clouds on loopback: emulators behind a gateway, and deployed functions on their real runtimes.

This package starts, stops and routes. It contains nothing that the movers or the provisioning need on a real cloud:
they only see an endpoint address.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from l3kit.late_imports import lazy_exports

if TYPE_CHECKING:
    from l3kit.sandbox.firing import fire_schedule
    from l3kit.sandbox.homes import default_home, sandbox_home
    from l3kit.sandbox.lifecycle import down, ensure_up, status, up
    from l3kit.sandbox.state import ProcessInfo, SandboxState

__all__ = [
    "ProcessInfo",
    "SandboxState",
    "default_home",
    "down",
    "ensure_up",
    "fire_schedule",
    "sandbox_home",
    "status",
    "up",
]
_PLACES = {
    "fire_schedule": "l3kit.sandbox.firing",
    "default_home": "l3kit.sandbox.homes",
    "sandbox_home": "l3kit.sandbox.homes",
    "down": "l3kit.sandbox.lifecycle",
    "ensure_up": "l3kit.sandbox.lifecycle",
    "status": "l3kit.sandbox.lifecycle",
    "up": "l3kit.sandbox.lifecycle",
    "ProcessInfo": "l3kit.sandbox.state",
    "SandboxState": "l3kit.sandbox.state",
}
__getattr__ = lazy_exports(__name__, _PLACES)
