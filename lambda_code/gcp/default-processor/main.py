"""Processes devices' messages, by the twin's own processors where it has some."""

from pathlib import Path

from l3kit.clouds.gcp.data.entry import build

main = build("default-processor", Path(__file__).parent)
