"""Returns a device's last item."""

from l3kit.clouds.aws.data.entry import build

lambda_handler = build("hot-reader-last-entry")
