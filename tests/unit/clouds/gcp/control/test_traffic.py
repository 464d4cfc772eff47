"""What passes the edge to Google Cloud is seen by whoever watches, and operations are known until they end."""

from __future__ import annotations

from typing import Any

from l3kit.clouds.gcp.control.traffic import Exchange, Traffic

HOST, NAME = "firestore.googleapis.com", "projects/p/databases/d/operations/1"


def exchange(answer: Any) -> Exchange:
    return Exchange(HOST, "GET", "v1/x?y=1", None, 200, {}, answer)


def test_each_exchange_is_seen_by_all_with_googles_address() -> None:
    traffic, seen = Traffic(), list[str]()
    for _ in range(2):
        traffic.watch(lambda one: seen.append(one.url))
    traffic(exchange({}))
    assert seen == [f"https://{HOST}/v1/x?y=1"] * 2


def test_an_operation_runs_until_its_end_is_seen() -> None:
    traffic = Traffic()
    for answer in ({"name": NAME}, None, [], {"name": "projects/p/databases/d"}):
        traffic(exchange(answer))
    assert traffic.running() == ((HOST, NAME),)
    traffic(exchange({"name": NAME, "done": True}))
    assert traffic.running() == ()
