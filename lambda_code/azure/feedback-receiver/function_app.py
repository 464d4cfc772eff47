"""Sends devices the feedback of an event-checker on another cloud."""

from pathlib import Path

from l3kit.clouds.azure.data.entry import build

app = build("feedback-receiver", Path(__file__).parent)
