"""Receives items from a persister on another cloud and writes them to the hot collection."""

from pathlib import Path

from l3kit.clouds.gcp.data.entry import build

main = build("writer", Path(__file__).parent)
