"""Receives chunks from a hot-to-cold mover on another cloud."""

from pathlib import Path

from l3kit.clouds.azure.data.entry import build

app = build("cold-writer", Path(__file__).parent)
