"""Checks stored messages for the twin's events and carries out their actions."""

from l3kit.clouds.aws.data.entry import build

lambda_handler = build("event-checker")
