"""Takes devices' messages from Pub/Sub and passes them to the next function."""

from pathlib import Path

from l3kit.clouds.gcp.data.entry import build

main = build("dispatcher", Path(__file__).parent)
