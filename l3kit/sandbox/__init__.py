"""AWS on loopback: emulators behind one endpoint, and deployed zips running on the real Lambda runtime client.

What lives here: starting, stopping and routing. What must not: anything the movers or the provisioning need in
order to work on a real cloud; they only ever see an endpoint address.
"""

from __future__ import annotations

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
