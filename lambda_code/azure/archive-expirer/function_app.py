"""Deletes what has expired from the archive container."""

from pathlib import Path

from l3kit.clouds.azure.data.entry import build

app = build("archive-expirer", Path(__file__).parent)
