"""Returns a device's last item."""

from pathlib import Path

from l3kit.clouds.azure.data.entry import build

app = build("hot-reader-last-entry", Path(__file__).parent)
