"""Processes devices' messages, with the twin's own processors, if any."""

from pathlib import Path

from l3kit.clouds.gcp.data.entry import build

main = build("default-processor", Path(__file__).parent)
