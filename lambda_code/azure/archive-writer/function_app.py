"""Receives objects from a cold-to-archive mover on another cloud."""

from pathlib import Path

from l3kit.clouds.azure.data.entry import build

app = build("archive-writer", Path(__file__).parent)
