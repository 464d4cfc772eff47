"""Returns a device's items in a time range."""

from pathlib import Path

from l3kit.clouds.gcp.data.entry import build

main = build("hot-reader", Path(__file__).parent)
