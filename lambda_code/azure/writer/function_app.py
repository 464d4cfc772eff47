"""Receives items from a persister on another cloud and writes them to the hot container."""

from pathlib import Path

from l3kit.clouds.azure.data.entry import build

app = build("writer", Path(__file__).parent)
