"""Sends devices the feedback of an event-checker on another cloud."""

from l3kit.clouds.aws.data.entry import build

lambda_handler = build("feedback-receiver")
