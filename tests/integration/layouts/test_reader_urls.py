"""Readers with addresses on every cloud: GET requests as in docs/reference/openapi.yaml, tokens, deployment."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import requests
import schemathesis
from hypothesis import settings

from l3kit.deploy import apply, destroy, plan
from l3kit.operate.telemetry import put_telemetry
from l3kit.operate.verify.links import check_links, link_checks
from l3kit.session import Session, reached
from l3kit.tiering.format.exact_numbers import exact_loads
from l3kit.twin.config import Twin
from l3kit.twin.layout import READERS
from tests.integration.aws.conftest import MakeTwin, saved_links
from tests.integration.layouts.writers import HISTORY, LAST, PROVIDERS
from tests.support.accounts import aws_of
from tests.support.operators import root_of
from tests.support.protocol_requests import DRAWN, SCHEMA, Endpoint, repeatable, send_query
from tests.support.twins import with_reader_urls

pytestmark = [pytest.mark.sandbox, pytest.mark.slow]  # `test_layout_matrix` asks readers at addresses in `make test`
DEVICE = "pump 1/传"
EXACT = "12345678901234567890.1234567890123450"
START = datetime(2026, 5, 31, 8, 30, tzinfo=UTC)
HEADER = "X-Inter-Cloud-Token"
Readers = Mapping[str, Endpoint]


def endpoints(session: Session, twin: Twin) -> Readers:
    links = saved_links(session, twin)
    ids = {f"/{reader}": f"{twin.layout.hot}_l3hot_{reader}" for reader in READERS}
    return {path: Endpoint(SCHEMA[path]["GET"], links[entry]) for path, entry in ids.items()}


@pytest.fixture(scope="module", params=PROVIDERS)
def twin(clouds: Session, make_twin: MakeTwin, request: pytest.FixtureRequest) -> Twin:
    """A twin with nine items, deployed on one cloud."""
    made = with_reader_urls(make_twin(*[request.param] * 3, devices=[DEVICE]).path, True)
    apply(plan(made, clouds), clouds)
    put_telemetry(root_of(clouds), made, [(DEVICE, item(minute)) for minute in range(9)])
    return made


def item(minute: int) -> bytes:
    stamp = (START + timedelta(minutes=minute)).strftime("%Y-%m-%dT%H:%M:%SZ")
    return f'{{"iotDeviceId":"{DEVICE}","id":"{stamp}","v":{EXACT}}}'.encode()


@pytest.fixture
def readers(clouds: Session, twin: Twin) -> Readers:
    return endpoints(clouds, twin)


# --- requests ---------------------------------------------------------------------------------------------------


@SCHEMA.include(path=[HISTORY, LAST]).parametrize()
@settings(repeatable, max_examples=10)
def test_drawn_queries_are_answered_or_refused_as_documented(case: schemathesis.Case, readers: Readers) -> None:
    send_query(case, readers[case.operation.path])


@DRAWN.include(path=[HISTORY, LAST]).parametrize()
@settings(repeatable, max_examples=300)
def test_very_many_drawn_queries_are_answered_or_refused_as_documented(
    case: schemathesis.Case, readers: Readers
) -> None:
    send_query(case, readers[case.operation.path])


def test_an_address_answers_page_by_page_and_exactly_as_a_direct_invocation_does(
    clouds: Session, twin: Twin, readers: Readers
) -> None:
    cloud = reached(clouds, twin.layout.hot, "the readers")
    query = {"device": DEVICE, "start": "2026-05-31T10:31:00+02:00", "end": "2026-05-31T08:37:00Z", "limit": "4"}
    event: dict[str, Any] = {"iot_device_id": DEVICE, "limit": 4}
    event |= {"start_timestamp": query["start"], "end_timestamp": query["end"]}
    found: list[Any] = []
    for _ in range(2):
        answer = readers[HISTORY].get(query)
        assert answer.json() == cloud.invoke(twin, "hot-reader", event)
        page = exact_loads(answer.content)
        found += page["items"]
        query["next"] = event["next"] = page["next"]
    assert (page["next"], page["complete"], answer.headers["Cache-Control"]) == (None, True, "no-store")
    assert found == [exact_loads(item(minute)) for minute in range(1, 8)]
    last = readers[LAST].get({"device": DEVICE})
    assert exact_loads(last.content) == {"item": exact_loads(item(8)), "complete": True}
    assert last.json() == cloud.invoke(twin, "hot-reader-last-entry", {"iot_device_id": DEVICE})


def test_odd_spellings_of_a_query_are_read_or_refused_by_name(readers: Readers) -> None:
    history = readers[HISTORY]
    plain = history.get("device=pump+1%2f%E4%BC%A0&start=2026-05-31T10:37:00+02:00&")
    assert [one["id"][11:16] for one in plain.json()["items"]] == ["08:37", "08:38"]
    for query, field in (
        ("", "device"),
        ("device=a&device=a", "device"),
        ("device=a&devise=a", "devise"),
        ("device=a&start=yesterday", "start"),
        ("device=a&limit=0", "limit"),
        ("device=a&next=x", "next"),
        ("device=%ff", "device"),
    ):
        answer = history.get(query)
        assert (answer.status_code, answer.json()["field"], bool(answer.json()["remedy"])) == (400, field, True)
    assert history.get("device=nobody").json() == {"items": [], "next": None, "complete": True}


@pytest.mark.parametrize("method", ["GET", "POST"])
@pytest.mark.parametrize("token", [None, "wrong"])
def test_strangers_are_refused_whatever_they_send(method: str, token: str | None, readers: Readers) -> None:
    for reader in readers.values():
        answer = reader.get("device=%ff", method=method, token=token)
        assert (answer.status_code, answer.json()) == (403, {"error": f"the header {HEADER} is missing or wrong"})
        body = {"iot_device_id": DEVICE}
        headers = {HEADER: token} if token else {}
        assert requests.post(reader.connection.url, json=body, headers=headers, timeout=60).status_code == 403


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "PATCH"])
def test_only_get_reads(method: str, readers: Readers) -> None:
    for reader in readers.values():
        answer = reader.get({"device": DEVICE}, method=method)
        assert (answer.status_code, answer.headers["Allow"]) == (405, "GET")


# --- deployment -------------------------------------------------------------------------------------------------


def test_addresses_and_tokens_are_read_back_on_a_fresh_machine_and_seen_by_verify(clouds: Session, twin: Twin) -> None:
    file = clouds.link_file(twin).path
    before = file.read_bytes()
    file.unlink()
    fresh = plan(twin, clouds)
    assert fresh.changes == (), str(fresh)
    read_back = [note for note in fresh.notes if note.endswith("were read back from the deployed reader")]
    assert (len(read_back), file.read_bytes()) == (2, before)
    saved = saved_links(clouds, twin)
    checks = list(link_checks(clouds, twin))
    assert [check for check in checks if not check.passed] == []
    for entry, connection in saved.items():
        assert (connection.provider, entry.endswith(connection.function.replace("_", "-"))) == (twin.layout.hot, True)
        assert len(connection.token) >= 43
        mine = [check for check in checks if check.subject == entry]
        assert [check.seen for check in mine] == [connection.url, "403", "403", "400"]
    told = str(checks) + str(fresh) + str(fresh.to_json())
    assert not [one.token for one in saved.values() if one.token in told]
    assert len({connection.token for connection in saved.values()}) == 2


def test_no_caller_is_refused_while_tokens_are_rotated(clouds: Session, twin: Twin, readers: Readers) -> None:
    answers: Counter[tuple[str, object]] = Counter()
    stop = threading.Event()

    def ask(path: str) -> None:
        while not stop.is_set():
            answers[path, readers[path].get({"device": DEVICE}).status_code] += 1

    threads = [threading.Thread(target=ask, args=(path,)) for path in readers]
    for thread in threads:
        thread.start()
    try:
        apply(plan(twin, clouds, rotate_tokens=True), clouds)
        first = {path: reader.connection.token for path, reader in readers.items()}
        apply(plan(twin, clouds, rotate_tokens=True), clouds)
    finally:
        stop.set()
        for thread in threads:
            thread.join(timeout=120)
    assert set(answers) == {(HISTORY, 200), (LAST, 200)}, answers
    assert plan(twin, clouds).changes == ()
    for path, reader in endpoints(clouds, twin).items():
        assert reader.get({"device": DEVICE}).status_code == 200
        assert reader.connection.token != first[path]
        assert len(reader.connection.former) == 2
        assert reader.get({"device": DEVICE}, token=first[path]).status_code == 200


@pytest.mark.parametrize("twin", ["aws"], indirect=True)
def test_trouble_of_the_store_is_a_500_without_internals(clouds: Session, twin: Twin) -> None:
    aws = aws_of(root_of(clouds))
    names, reader = aws.names(twin.name), endpoints(clouds, twin)[HISTORY]
    (policy,) = aws.client("iam").list_role_policies(RoleName=names.role("hot-reader"))["PolicyNames"]
    aws.client("iam").delete_role_policy(RoleName=names.role("hot-reader"), PolicyName=policy)
    answer = reader.get({"device": DEVICE})
    assert (answer.status_code, answer.json()["error"].count("log")) == (500, 1)
    assert not [word for word in (names.hot_dynamodb_table(), "dynamodb", "Denied") if word in answer.text]
    assert plan(twin, clouds).changes
    apply(plan(twin, clouds), clouds)
    assert reader.get({"device": DEVICE}).status_code == 200


@pytest.mark.parametrize("twin", ["aws"], indirect=True)
def test_changes_by_hand_are_drift_that_stops_no_mover_and_is_mended(clouds: Session, twin: Twin) -> None:
    client, name = aws_of(root_of(clouds)).client("lambda"), aws_of(clouds).names(twin.name).function("hot-reader")
    client.remove_permission(FunctionName=name, StatementId="FunctionURLPublicAccess")
    failed = [check for check in link_checks(clouds, twin) if not check.passed]
    assert {(check.subject, check.seen) for check in failed} == {("aws_l3hot_hot-reader", "403")}
    check_links(clouds, twin)  # movers need no reader
    (step,) = plan(twin, clouds).changes
    assert (step.kind, step.reason) == ("function url", "permission FunctionURLPublicAccess is missing")
    apply(plan(twin, clouds), clouds)
    assert all(check.passed for check in link_checks(clouds, twin))


def test_addresses_that_are_no_longer_asked_for_are_closed_and_opened_again(clouds: Session, twin: Twin) -> None:
    before = endpoints(clouds, twin)
    without = with_reader_urls(twin.path, False)
    apply(plan(without, clouds), clouds)
    assert plan(without, clouds).changes == ()
    assert saved_links(clouds, without) == {}
    for reader in before.values():
        answer = requests.get(f"{reader.connection.url}?device=a", headers=reader.token_header(""), timeout=60)
        assert answer.status_code in (401, 403, 404)
    cloud = reached(clouds, twin.layout.hot, "the readers")
    assert len(cloud.invoke(without, "hot-reader", {"iot_device_id": DEVICE})["items"]) == 9
    if twin.layout.hot == "aws":
        client = aws_of(root_of(clouds)).client("lambda")
        with pytest.raises(client.exceptions.ResourceNotFoundException):
            client.get_policy(FunctionName=aws_of(clouds).names(twin.name).function("hot-reader"))
    again = with_reader_urls(twin.path, True)
    apply(plan(again, clouds), clouds)
    for path, reader in endpoints(clouds, again).items():
        assert reader.get({"device": DEVICE}).status_code == 200
        assert reader.connection.token != before[path].connection.token
        assert reader.get({"device": DEVICE}, token=before[path].connection.token).status_code == 403


def test_destroy_forgets_addresses_and_tokens(clouds: Session, twin: Twin) -> None:
    destroy(twin, clouds, data=True)
    for connection in saved_links(clouds, twin).values():
        assert (connection.url, connection.token, connection.former) == ("", "", ())
