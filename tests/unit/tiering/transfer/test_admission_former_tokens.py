"""While a token is rotated a writer takes two; the former one ends by itself, by the writer's clock."""

from __future__ import annotations

import asyncio
import hmac
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from l3kit.tiering.tokens import FormerToken, Secret, format_former, parse_former, unexpired
from l3kit.tiering.transfer import wire
from l3kit.tiering.transfer.archive_writer import ArchiveWriter
from l3kit.tiering.transfer.cold_writer import ColdWriter
from l3kit.tiering.transfer.wire import Request
from tests.support.lambda_calls import SECRET, TOKEN, Cloud, Context, told, url_event
from tests.support.memory_stores import MemoryObjectStore
from tests.unit.tiering.transfer.former_tokens import END, FORMER, PREVIOUS, settings


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
