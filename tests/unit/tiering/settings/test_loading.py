"""Settings of a function, from its variables."""

from __future__ import annotations

import pytest

from l3kit.clouds.aws.data.variables import VARIABLES
from l3kit.tiering.settings.function_table import variables_for
from l3kit.tiering.settings.loading import load_settings
from tests.support.lambda_calls import environment


@pytest.mark.parametrize("function", ["hot-to-cold-mover", "cold-writer"])
def test_the_archive_is_looked_into_where_it_is_on_the_same_cloud_and_not_asked_for_elsewhere(function: str) -> None:
    beside = variables_for(function, cloud=VARIABLES, remote=False, archive_here=True)
    elsewhere = variables_for(function, cloud=VARIABLES, remote=False, archive_here=False)
    assert set(beside) - set(elsewhere) == {"ARCHIVE_S3_BUCKET_NAME"}
    env = environment()
    for names, looked_into in ((beside, True), (elsewhere, False)):
        settings = load_settings(function, {name: env[name] for name in names}, cloud=VARIABLES)
        assert ("archive" in settings.stores) == looked_into
