"""Processes devices' messages, with the twin's own processors, if any."""

from l3kit.clouds.aws.data.entry import build

lambda_handler = build("default-processor")
