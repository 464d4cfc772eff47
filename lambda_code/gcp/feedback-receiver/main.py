"""Sends devices the feedback of an event-checker on another cloud."""

from pathlib import Path

from l3kit.clouds.gcp.data.entry import build

main = build("feedback-receiver", Path(__file__).parent)
