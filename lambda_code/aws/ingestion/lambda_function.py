"""Receives devices' messages from a connector on another cloud."""

from l3kit.clouds.aws.data.entry import build

lambda_handler = build("ingestion")
