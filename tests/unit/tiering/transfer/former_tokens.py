"""Former tokens, and the variable that tells a writer of them."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from l3kit.clouds.aws.data.variables import VARIABLES
from l3kit.tiering.settings.loading import Settings, load_settings
from l3kit.tiering.tokens import FormerToken, Secret
from tests.support.lambda_calls import environment

END = datetime(2026, 11, 28, 17, tzinfo=UTC)
FORMER = (FormerToken(END, Secret("former")), FormerToken(END - timedelta(hours=1), Secret("older")))
PREVIOUS = "2026-11-28T17:00:00Z former 2026-11-28T16:00:00Z older"


def settings(function: str, **changes: str | None) -> Settings:
    return load_settings(function, environment(**changes), cloud=VARIABLES)
