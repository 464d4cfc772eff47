"""How a link is authenticated travels in two variables, and is read strictly."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from l3kit.clouds.aws.data.variables import VARIABLES
from l3kit.errors import ConfigurationError
from l3kit.tiering.link_auth import SIGNATURE, TOKEN, Authentication
from l3kit.tiering.settings.function_table import further_variables
from l3kit.tiering.settings.loading import Settings, load_settings
from tests.support.lambda_calls import environment, info_with

END = datetime(2026, 11, 28, 17, tzinfo=UTC)
ABROAD = {"DIGITAL_TWIN_INFO": info_with(hot="aws", cold="gcp"), "REMOTE_COLD_WRITER_URL": "http://127.0.0.1:9/"}


@pytest.mark.parametrize("auth", [TOKEN, SIGNATURE, Authentication(True, END)])
def test_what_the_deployer_tells_is_what_the_function_reads(auth: Authentication) -> None:
    assert Authentication.from_env(auth.variables()) == auth


def test_a_link_of_an_older_version_carries_its_token() -> None:
    assert TOKEN.variables() == {}
    assert Authentication.from_env({}) == Authentication.from_env({"LINK_AUTH": " "}) == TOKEN
    assert Authentication.from_env({"LINK_AUTH": "token", "LINK_AUTH_TOKEN_UNTIL": "2026-11-28T17:00:00Z"}) == TOKEN


def test_the_token_itself_is_accepted_until_its_end_and_not_at_it() -> None:
    changing = Authentication(True, END)
    assert changing.accepts_token(END - timedelta(seconds=1))
    assert not changing.accepts_token(END)
    assert not SIGNATURE.accepts_token(END)
    assert TOKEN.accepts_token(END)


@pytest.mark.parametrize("value", ["Signature", "hmac", "signature,token"])
def test_another_value_is_named_with_what_is_allowed(value: str) -> None:
    with pytest.raises(ConfigurationError, match=r"LINK_AUTH.*Allowed: token, signature"):
        Authentication.from_env({"LINK_AUTH": value})


def test_of_a_malformed_end_nothing_is_accepted_but_signatures(caplog: pytest.LogCaptureFixture) -> None:
    assert Authentication.from_env({"LINK_AUTH": "signature", "LINK_AUTH_TOKEN_UNTIL": "2026-11-28"}) == SIGNATURE
    assert "LINK_AUTH_TOKEN_UNTIL is not a time" in caplog.text


def settings(function: str, **changes: str | None) -> Settings:
    return load_settings(function, environment(LINK_AUTH="signature", **changes), cloud=VARIABLES)


def test_the_ends_of_a_link_read_it_and_no_other_function_does() -> None:
    assert settings("cold-writer", LINK_AUTH_TOKEN_UNTIL="2026-11-28T17:00:00Z").auth == Authentication(True, END)
    assert settings("hot-to-cold-mover", **ABROAD).auth == SIGNATURE
    assert settings("hot-to-cold-mover").auth == settings("hot-reader").auth == TOKEN, "they send nothing"
    assert {"LINK_AUTH", "LINK_AUTH_TOKEN_UNTIL"} <= set(further_variables("archive-writer"))
    assert "LINK_AUTH" in further_variables("cold-to-archive-mover")
    assert "LINK_AUTH_TOKEN_UNTIL" not in further_variables("cold-to-archive-mover")
    assert "LINK_AUTH" not in further_variables("hot-reader")
