"""Receives objects from a cold-to-archive mover on another cloud."""

from l3kit.clouds.aws.data.entry import build

lambda_handler = build("archive-writer")
