"""How long an unused sandbox stays up; a module of its own, because the command line's help loads nothing heavy."""

from __future__ import annotations

IDLE_HOURS = 168.0
"""A week: interactive deployments survive a weekend, and a forgotten sandbox still stops."""
