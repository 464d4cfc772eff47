"""Deletes what has expired from the archive bucket."""

from l3kit.clouds.aws.data.entry import build

lambda_handler = build("archive-expirer")
