"""Checks stored messages for the twin's events and carries out their actions."""

from pathlib import Path

from l3kit.clouds.azure.data.entry import build

app = build("event-checker", Path(__file__).parent)
