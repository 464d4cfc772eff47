"""Takes devices' messages from IoT Hub and passes them to the next function."""

from pathlib import Path

from l3kit.clouds.azure.data.entry import build

app = build("dispatcher", Path(__file__).parent)
