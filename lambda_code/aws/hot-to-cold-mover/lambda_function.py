"""Moves old items from the hot table into chunks in the cold tier."""

from l3kit.clouds.aws.data.entry import build

lambda_handler = build("hot-to-cold-mover")
