"""Sends devices' messages to ingestion on the cloud of layer 2."""

from l3kit.clouds.aws.data.entry import build

lambda_handler = build("connector")
