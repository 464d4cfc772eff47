"""Receives chunks from a hot-to-cold mover on another cloud."""

from pathlib import Path

from l3kit.clouds.gcp.data.entry import build

main = build("cold-writer", Path(__file__).parent)
