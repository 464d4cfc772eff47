"""Receives objects from a cold-to-archive mover on another cloud."""

from pathlib import Path

from l3kit.clouds.gcp.data.entry import build

main = build("archive-writer", Path(__file__).parent)
