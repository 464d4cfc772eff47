"""Receives items from a persister on another cloud and writes them to the hot table."""

from l3kit.clouds.aws.data.entry import build

lambda_handler = build("writer")
