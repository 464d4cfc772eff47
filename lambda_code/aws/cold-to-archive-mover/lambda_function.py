"""Moves old objects from the cold bucket into the archive tier."""

from l3kit.clouds.aws.data.entry import build

lambda_handler = build("cold-to-archive-mover")
