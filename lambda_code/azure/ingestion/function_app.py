"""Receives devices' messages from a connector on another cloud."""

from pathlib import Path

from l3kit.clouds.azure.data.entry import build

app = build("ingestion", Path(__file__).parent)
