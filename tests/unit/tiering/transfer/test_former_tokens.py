"""While a token is rotated a writer takes two; the former one ends by itself, by the writer's clock."""

from __future__ import annotations

import asyncio
import hmac
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from l3kit.clouds.aws.data.variables import VARIABLES
from l3kit.tiering.settings.function_table import further_variables
from l3kit.tiering.settings.loading import Settings, load_settings
from l3kit.tiering.tokens import FormerToken, Secret, format_former, parse_former, unexpired
from l3kit.tiering.transfer import wire
from l3kit.tiering.transfer.archive_writer import ArchiveWriter
from l3kit.tiering.transfer.cold_writer import ColdWriter
from l3kit.tiering.transfer.wire import Request
from tests.support.lambda_calls import SECRET, TOKEN, Cloud, Context, environment, told, url_event
from tests.support.memory_stores import MemoryObjectStore

END = datetime(2026, 11, 28, 17, tzinfo=UTC)
FORMER = (FormerToken(END, Secret("former")), FormerToken(END - timedelta(hours=1), Secret("older")))
PREVIOUS = "2026-11-28T17:00:00Z former 2026-11-28T16:00:00Z older"


def status(writer: Any, token: str) -> int:
    request = Request({wire.TOKEN_HEADER: token}, b"")
    return int(asyncio.run(writer.handle(request)).status)


@pytest.mark.parametrize("kind", [ColdWriter, ArchiveWriter])
def test_a_former_token_is_taken_until_its_end_and_not_at_it(kind: Any) -> None:
    now = [END - timedelta(minutes=90)]
    writer = kind(MemoryObjectStore("cold"), SECRET, former=FORMER, clock=lambda: now[0])
    for moment, taken in (
        (timedelta(minutes=90), {"former", "older"}),
        (timedelta(hours=1), {"former"}),
        (timedelta(seconds=1), {"former"}),
        (timedelta(0), set()),
        (-timedelta(days=1), set()),
    ):
        now[0] = END - moment
        assert {name for name in ("former", "older") if status(writer, name) == 400} == taken
        assert {status(writer, name) for name in ("forme", "former2", "wrong")} == {403}
        assert status(writer, TOKEN) == 400


def test_without_the_token_in_force_nothing_is_taken() -> None:
    writer = ColdWriter(MemoryObjectStore("cold"), Secret(" "), former=FORMER, clock=lambda: END - timedelta(hours=2))
    assert {status(writer, name) for name in ("former", "older", TOKEN, " ")} == {403}


def test_every_token_is_compared_whichever_matches(monkeypatch: pytest.MonkeyPatch) -> None:
    compared: list[bytes] = []
    real = hmac.compare_digest

    def noted(one: Any, other: Any) -> bool:
        compared.append(other)
        return real(one, other)

    monkeypatch.setattr(wire.hmac, "compare_digest", noted)
    for given, expected in ((TOKEN, True), ("former", True), ("older", True), ("wrong", False)):
        compared.clear()
        request = Request({wire.TOKEN_HEADER: given}, b"")
        assert wire.check_token(request, SECRET, Secret("former"), Secret("older")) is expected
        assert compared == [TOKEN.encode(), b"former", b"older"]
    assert not wire.check_token(Request({wire.TOKEN_HEADER: ""}, b""), SECRET, Secret(""))


def settings(function: str, **changes: str | None) -> Settings:
    return load_settings(function, environment(**changes), cloud=VARIABLES)


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


def test_a_deployed_writer_takes_them_by_the_wall_clock() -> None:
    ends = {"future": datetime.now(UTC) + timedelta(hours=1), "past": datetime.now(UTC) - timedelta(seconds=1)}
    text = format_former(FormerToken(end, Secret(name)) for name, end in ends.items())
    handler = Cloud().build("cold-writer", INTER_CLOUD_TOKEN_PREVIOUS=text)
    assert {name: told(handler(url_event({}, name), Context()))[0] for name in ends} == {"future": 400, "past": 403}


def test_former_tokens_travel_as_text_and_show_in_no_repr() -> None:
    assert format_former(FORMER) == PREVIOUS
    assert parse_former(PREVIOUS) == FORMER
    assert parse_former("") == ()
    assert format_former([FormerToken(END, Secret("a blank"))]) == "", "it could not be told from two"
    assert unexpired(FORMER, END - timedelta(hours=1)) == FORMER[:1]
    assert "former'" not in repr(FORMER)
    assert "Secret(***)" in repr(FORMER)
    assert "older" not in repr(settings("cold-writer", INTER_CLOUD_TOKEN_PREVIOUS=PREVIOUS))
