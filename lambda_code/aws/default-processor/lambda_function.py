"""Processes devices' messages, by the twin's own processors where it has some."""

from l3kit.clouds.aws.data.entry import build

lambda_handler = build("default-processor")
