"""Returns a device's items in a time range."""

from pathlib import Path

from l3kit.clouds.azure.data.entry import build

app = build("hot-reader", Path(__file__).parent)
