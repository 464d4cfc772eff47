"""Lifetime of an unused sandbox; a module of its own, so that the command line's help loads nothing heavy."""

from __future__ import annotations

IDLE_HOURS = 168.0
"""A week: interactive deployments survive a weekend, and a forgotten sandbox still stops."""
