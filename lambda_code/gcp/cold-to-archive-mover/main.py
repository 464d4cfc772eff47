"""Moves old objects from the cold bucket into the archive tier."""

from pathlib import Path

from l3kit.clouds.gcp.data.entry import build

main = build("cold-to-archive-mover", Path(__file__).parent)
