"""Sends devices' messages to ingestion on the cloud of layer 2."""

from pathlib import Path

from l3kit.clouds.gcp.data.entry import build

main = build("connector", Path(__file__).parent)
