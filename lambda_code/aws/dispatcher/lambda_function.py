"""Takes devices' messages from IoT Core and passes them to the next function."""

from l3kit.clouds.aws.data.entry import build

lambda_handler = build("dispatcher")
