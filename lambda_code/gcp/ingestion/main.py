"""Receives devices' messages from a connector on another cloud."""

from pathlib import Path

from l3kit.clouds.gcp.data.entry import build

main = build("ingestion", Path(__file__).parent)
