"""Processes devices' messages, by the twin's own processors where it has some."""

from pathlib import Path

from l3kit.clouds.azure.data.entry import build

app = build("default-processor", Path(__file__).parent)
