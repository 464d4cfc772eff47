"""Moves old items from the hot container into chunks in the cold tier."""

from pathlib import Path

from l3kit.clouds.azure.data.entry import build

app = build("hot-to-cold-mover", Path(__file__).parent)
