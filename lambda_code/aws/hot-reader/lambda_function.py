"""Returns a device's items in a time range."""

from l3kit.clouds.aws.data.entry import build

lambda_handler = build("hot-reader")
