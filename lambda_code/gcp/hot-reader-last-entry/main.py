"""Returns a device's last item."""

from pathlib import Path

from l3kit.clouds.gcp.data.entry import build

main = build("hot-reader-last-entry", Path(__file__).parent)
