"""Writes processed messages to the hot tier, or sends them to its cloud."""

from pathlib import Path

from l3kit.clouds.gcp.data.entry import build

main = build("persister", Path(__file__).parent)
