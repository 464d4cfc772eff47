"""Deletes what has expired from the archive bucket."""

from pathlib import Path

from l3kit.clouds.gcp.data.entry import build

main = build("archive-expirer", Path(__file__).parent)
