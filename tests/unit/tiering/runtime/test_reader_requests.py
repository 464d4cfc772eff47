"""HTTP requests to a reader: the token, the query, and the answer of a direct invocation."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import quote, urlencode

import pytest
from hypothesis import given
from hypothesis import strategies as st

from l3kit.errors import ConfigurationError, StoreError
from l3kit.tiering.format.item_times import read_moment
from l3kit.tiering.format.time_ranges import read_bound
from l3kit.tiering.runtime.reader_requests import FIELDS, ReaderRequests, asked
from l3kit.tiering.runtime.readers import read_history
from l3kit.tiering.tokens import FormerToken, Secret
from l3kit.tiering.transfer.wire import Request, Response
from tests.support.memory_stores import MemoryHotStore

NOON = datetime(2026, 11, 29, 12, tzinfo=UTC)
ALL = FIELDS["hot-reader"]
TEXTS = st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=30)


class Reader:
    """A reader that notes what it is asked; `fails` is raised instead of an answer."""

    def __init__(self, fails: Exception | None = None) -> None:
        self.events: list[Mapping[str, Any]] = []
        self._fails = fails

    async def read(self, event: Mapping[str, Any]) -> dict[str, Any]:
        self.events.append(event)
        if self._fails is not None:
            raise self._fails
        return {"items": [], "next": None, "complete": True}

    def answer(
        self, query: str, token: str | None = "right", method: str = "GET", *, has: str = "right", **more: Any
    ) -> Response:
        headers = {} if token is None else {"x-inter-cloud-token": token}
        former = (FormerToken(NOON + timedelta(minutes=1), Secret("former")), FormerToken(NOON, Secret("expired")))
        reader = ReaderRequests("hot-reader", self.read, Secret(has), former=former, clock=lambda: NOON, **more)
        return asyncio.run(reader.handle(Request(headers, b"ignored", method, query)))


# --- who may ask ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("token", [None, "", "wrong", "right,right", "expired", "传"])
@pytest.mark.parametrize("method", ["GET", "POST"])
def test_without_a_valid_token_nothing_is_looked_at(token: str | None, method: str) -> None:
    reader = Reader()
    refused = Response(403, {"error": "the header X-Inter-Cloud-Token is missing or wrong"})
    assert reader.answer("device=d", token, method) == refused
    assert reader.answer("%zz", token, method) == refused
    assert reader.events == []


def test_a_former_token_is_accepted_until_it_expires_and_none_where_the_current_one_is_blank() -> None:
    assert Reader().answer("device=d", "former").status == 200
    assert [Reader().answer("device=d", token, has=" ").status for token in ("former", "", " ")] == [403, 403, 403]


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "PATCH", "HEAD", "OPTIONS"])
def test_only_get_reads(method: str) -> None:
    reader = Reader()
    assert reader.answer("device=d", method=method) == Response(
        405, {"error": "only GET is accepted"}, {"allow": "GET"}
    )
    assert reader.events == []


# --- the query --------------------------------------------------------------------------------------------------


@given(TEXTS, TEXTS, st.integers(0, 10**9 - 1), st.booleans())
def test_what_any_client_encodes_is_what_the_reader_is_asked(device: str, place: str, limit: int, form: bool) -> None:
    encode: Any = urlencode if form else lambda told: "&".join(f"{name}={quote(text)}" for name, text in told.items())
    query = encode({"device": device, "next": place, "limit": str(limit)})
    assert asked(query, ALL) == {"iot_device_id": device, "next": place, "limit": limit}


@pytest.mark.parametrize(
    ("query", "start"),
    [
        ("2026-05-31T10:30:00%2B02:00", "2026-05-31T10:30:00+02:00"),
        ("2026-05-31T10:30:00+02:00", "2026-05-31T10:30:00+02:00"),
        ("2026-05-31T10:30+0200", "2026-05-31T10:30+0200"),
        ("2026-05-31T10:30:00.250%2002:00", "2026-05-31T10:30:00.250+02:00"),
        ("2026-05-31+10:30:00+02:00", "2026-05-31 10:30:00+02:00"),
        ("2026-05-31+10:30:00Z", "2026-05-31 10:30:00Z"),
        ("2026-05-31+10:30", "2026-05-31 10:30"),
        ("2026-05-31T10:30:00-02:00", "2026-05-31T10:30:00-02:00"),
        ("2026-05-31", "2026-05-31"),
    ],
)
def test_a_plus_sign_that_came_as_a_blank_is_one_again_before_an_offset_only(query: str, start: str) -> None:
    assert asked(f"device=d&start={query}", ALL)["start_timestamp"] == start


def test_a_time_with_a_plain_plus_sign_is_the_moment_that_was_meant() -> None:
    event = asked("device=a+b&end=2026-05-31T10:30:00+02:00", ALL)
    assert event["iot_device_id"] == "a b", "a plus sign is a blank everywhere else"
    assert read_bound(event["end_timestamp"], is_end=True) == read_moment("2026-05-31T08:30:00Z")


@pytest.mark.parametrize(
    ("query", "field", "told"),
    [
        ("", "device", "is missing Add ?device="),
        ("&&", "device", "is missing"),
        ("start=2026-01-01", "device", "is missing"),
        ("device=d&device=d", "device", "is given twice"),
        ("device=d&limit=1&l%69mit=2", "limit", "is given twice"),
        ("device=d&strat=2026-01-01", "strat", "is not a known parameter Did you mean start? Known are device, start,"),
        ("iot_device_id=d", "iot_device_id", "is not a known parameter Did you mean device?"),
        ("device=d&=1", "", "is not a known parameter Known are"),
        ("device=%", "device", "has a % that two hexadecimal digits do not follow"),
        ("device=%4x", "device", "has a % that"),
        ("device=d&%=1", "the query", "has a % that"),
        ("device=%ff", "device", "is not UTF-8 Percent-encode it"),
        ("device=\udcff", "device", "is not UTF-8"),
        (f"device={'x' * 2049}", "device", "has more than 2,048 bytes"),
    ],
)
def test_a_query_that_says_no_clear_thing_is_refused_by_parameter_with_the_remedy(
    query: str, field: str, told: str
) -> None:
    reader = Reader()
    answer = reader.answer(query)
    assert (answer.status, answer.body["field"], reader.events) == (400, field, [])
    assert f"{answer.body['error']} {answer.body['remedy']}".startswith(f"{field}: {told}")


def test_the_last_entrys_reader_takes_a_device_alone() -> None:
    last = FIELDS["hot-reader-last-entry"]
    assert asked("device=d", last) == {"iot_device_id": "d"}
    with pytest.raises(ConfigurationError, match=r"limit: is not a known parameter.*Known are device$"):
        asked("device=d&limit=1", last)


# --- the answer -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("query", "field"),
    [
        ("device=", "device"),
        ("device=d&start=yesterday", "start"),
        ("device=d&end=", "end"),
        ("device=d&limit=0", "limit"),
        ("device=d&limit=10001", "limit"),
        ("device=d&limit=%2B5", "limit"),
        ("device=d&limit=\u0665", "limit"),
        ("device=d&limit=" + "9" * 5000, "limit"),
        ("device=d&next=x", "next"),
        ("device=d&next=WyJkIl0=", "next"),
    ],
)
def test_what_the_reader_refuses_is_told_by_the_parameter_of_the_address(query: str, field: str) -> None:
    hot = MemoryHotStore()
    reader = ReaderRequests("hot-reader", lambda event: read_history(hot, event), Secret("right"))
    answer = asyncio.run(reader.handle(Request({"X-Inter-Cloud-Token": "right"}, b"", "GET", query)))
    assert (answer.status, answer.body["field"]) == (400, field), answer
    assert answer.body["error"].startswith(f"{field}: ")
    assert answer.body["remedy"]


def test_a_position_that_the_store_cannot_hold_is_refused() -> None:
    class Strict(MemoryHotStore):
        async def read_page(self, device_id: str, **bounds: Any) -> Any:
            str(bounds["after"]).encode()
            return await super().read_page(device_id, **bounds)

    reader = ReaderRequests("hot-reader", lambda event: read_history(Strict(), event), Secret("right"))
    half_a_pair = "device=d&next=WyJkIiwiXHVkODAwIl0="
    answer = asyncio.run(reader.handle(Request({"X-Inter-Cloud-Token": "right"}, b"", "GET", half_a_pair)))
    assert (answer.status, answer.body["field"]) == (400, "next")


def test_pages_are_those_of_a_direct_invocation() -> None:
    hot = MemoryHotStore()
    items = [json.dumps({"iotDeviceId": "d", "id": f"2026-05-0{day}T00:00:00Z"}).encode() for day in range(1, 8)]
    asyncio.run(hot.put_items("d", items))
    reader = ReaderRequests("hot-reader", lambda event: read_history(hot, event), Secret("right"))
    direct: dict[str, Any] = {"iot_device_id": "d", "start_timestamp": "2026-05-02", "limit": 3}
    query = {"device": "d", "start": "2026-05-02", "limit": "3"}
    for count in (3, 3):
        answer = asyncio.run(reader.handle(Request({"X-Inter-Cloud-Token": "right"}, b"", "GET", urlencode(query))))
        assert answer == Response(200, asyncio.run(read_history(hot, direct)))
        assert len(answer.body["items"]) == count
        direct["next"] = query["next"] = answer.body["next"]
    assert (answer.body["next"], answer.body["complete"]) == (None, True)


@pytest.mark.parametrize(
    "error",
    [
        StoreError("table t-7", "is gone"),
        ConfigurationError("COSMOS_ENDPOINT", "is wrong"),
        ValueError("t-7"),
    ],
)
def test_trouble_behind_the_reader_is_a_500_without_internals(error: Exception) -> None:
    answer = Reader(error).answer("device=d")
    told = {"error": "the hot tier could not be read; the reason is in the reader's log"}
    assert answer == Response(500, told)


def test_a_store_that_does_not_respond_ends_the_request_before_the_cloud_does() -> None:
    async def never(event: Mapping[str, Any]) -> dict[str, Any]:
        await asyncio.Event().wait()
        return {}

    reader = ReaderRequests("hot-reader", never, Secret("right"), seconds=0.01)
    answer = asyncio.run(reader.handle(Request({"X-Inter-Cloud-Token": "right"}, b"", "GET", "device=d")))
    assert answer.status == 500
