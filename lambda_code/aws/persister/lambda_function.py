"""Writes processed messages to the hot tier, or sends them to its cloud."""

from l3kit.clouds.aws.data.entry import build

lambda_handler = build("persister")
