"""Processes devices' messages, with the twin's own processors, if any."""

from pathlib import Path

from l3kit.clouds.azure.data.entry import build

app = build("default-processor", Path(__file__).parent)
