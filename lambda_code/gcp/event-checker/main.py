"""Checks stored messages for the twin's events and carries out their actions."""

from pathlib import Path

from l3kit.clouds.gcp.data.entry import build

main = build("event-checker", Path(__file__).parent)
