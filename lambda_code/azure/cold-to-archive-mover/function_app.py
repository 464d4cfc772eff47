"""Moves old objects from the cold container into the archive tier."""

from pathlib import Path

from l3kit.clouds.azure.data.entry import build

app = build("cold-to-archive-mover", Path(__file__).parent)
