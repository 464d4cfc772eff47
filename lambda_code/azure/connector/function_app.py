"""Sends devices' messages to ingestion on the cloud of layer 2."""

from pathlib import Path

from l3kit.clouds.azure.data.entry import build

app = build("connector", Path(__file__).parent)
