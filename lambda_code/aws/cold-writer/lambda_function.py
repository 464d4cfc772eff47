"""Receives chunks from a hot-to-cold mover on another cloud."""

from l3kit.clouds.aws.data.entry import build

lambda_handler = build("cold-writer")
