"""Former tokens as a writer's variable tells them."""

from __future__ import annotations

import pytest

from l3kit.tiering.settings.function_table import further_variables
from tests.support.lambda_calls import Cloud, Context, told, url_event
from tests.unit.tiering.transfer.former_tokens import FORMER, PREVIOUS, settings


@pytest.mark.parametrize("function", ["cold-writer", "archive-writer"])
def test_a_writer_reads_former_tokens_from_its_variable_and_no_other_function_does(function: str) -> None:
    assert settings(function, INTER_CLOUD_TOKEN_PREVIOUS=PREVIOUS).former == FORMER
    assert settings(function).former == ()
    assert "INTER_CLOUD_TOKEN_PREVIOUS" in further_variables(function)
    assert settings("hot-to-cold-mover", INTER_CLOUD_TOKEN_PREVIOUS=PREVIOUS).former == ()
    assert settings("hot-reader", INTER_CLOUD_TOKEN_PREVIOUS=PREVIOUS).former == (), "it has no address"
    assert "INTER_CLOUD_TOKEN_PREVIOUS" not in further_variables("hot-to-cold-mover")


@pytest.mark.parametrize("text", ["former", "2026-11-28 former", "2026-11-28T17:00:00Z former more", "never former"])
def test_a_malformed_variable_takes_no_former_token_and_tells_none(text: str, caplog: pytest.LogCaptureFixture) -> None:
    assert settings("cold-writer", INTER_CLOUD_TOKEN_PREVIOUS=text).former == ()
    assert "INTER_CLOUD_TOKEN_PREVIOUS is not pairs" in caplog.text
    assert "former " not in caplog.text.replace("no former token", "")
    handler = Cloud().build("cold-writer", INTER_CLOUD_TOKEN_PREVIOUS=text)
    assert told(handler(url_event({}), Context()))[0] == 400
    assert told(handler(url_event({}, "former"), Context()))[0] == 403
