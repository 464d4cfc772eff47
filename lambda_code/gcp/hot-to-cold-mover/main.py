"""Moves old items from the hot collection into chunks in the cold tier."""

from pathlib import Path

from l3kit.clouds.gcp.data.entry import build

main = build("hot-to-cold-mover", Path(__file__).parent)
