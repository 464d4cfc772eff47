"""Requests to a Cloud Run function, from its zip, with the real functions-framework, over real sockets."""

from __future__ import annotations

import contextlib
import json
import socket
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest
import requests

from l3kit.clouds.ports.function_host import Timer
from l3kit.errors import L3Error
from l3kit.sandbox.gcp.function_host import max_connections
from tests.integration.sandbox.gcp.functions.functions import HALF_BODY, JOB, MAIN, ask, port_of
from tests.support.cloud_functions import SCHEDULER, World, email, gcp_zip
from tests.support.waiting import wait_until

pytestmark = pytest.mark.sandbox


def test_a_request_arrives_as_it_was_sent(url: str) -> None:
    answer = requests.post(
        f"{url}/a%2Fb/%C3%A4?action=echo&x=1&x=%2B",
        data="text",
        headers={"X-Mixed-CASE": "as is", "Accept": None},
        timeout=60,
    )
    told = answer.json()
    assert (told["method"], told["path"], told["body"]) == ("POST", "/a/b/ä", "text")
    assert told["query"] == {"action": ["echo"], "x": ["1", "+"]}
    assert told["headers"]["X-Mixed-Case"] == "as is"
    assert told["headers"]["Content-Length"] == "4"
    assert told["headers"]["X-Cloud-Trace-Context"]
    assert not {"Accept", "Transfer-Encoding"} & set(told["headers"])
    assert requests.get(f"{url}?action=echo", timeout=60).json()["path"] == "/"


def test_an_answer_comes_back_as_it_was_made(url: str) -> None:
    answer = ask(url, "status")
    assert (answer.status_code, answer.text) == (418, "teapot")
    assert answer.raw.headers["X-Own-CASE"] == "1"
    assert "X-Own-CASE" in list(answer.headers)
    assert "gunicorn" not in answer.headers.get("Server", "")


def test_an_exception_is_a_500_and_is_in_the_log(world: World, url: str) -> None:
    assert ask(url, "raise").status_code == 500
    assert "ValueError: told to" in world.log("gcp", "the-function")


def test_a_function_that_is_not_public_asks_for_the_identity_token(world: World) -> None:
    address = world.put("gcp", "private", gcp_zip(MAIN), ["caller"]).url
    token = world.tokens.identity_token(email("caller"), address)
    assert ask(address).status_code == 403
    key = world.shown("gcp", "private")["key"]
    for wrong in ("wrong", key, world.tokens.access_token(email("caller"))):
        assert ask(address, headers={"Authorization": f"Bearer {wrong}"}).status_code == 403
    assert ask(address, headers={"Authorization": token}).status_code == 403
    told = ask(address, "echo", headers={"Authorization": f"Bearer {token}"}).json()
    assert "Authorization" not in told["headers"]
    world.host("gcp").delete("private")


def test_a_public_function_sees_the_authorization_that_it_checks_itself(url: str) -> None:
    told = ask(url, "echo", headers={"Authorization": "Bearer of-its-own"}).json()
    assert told["headers"]["Authorization"] == "Bearer of-its-own"


def test_an_unknown_function_is_a_404(world: World) -> None:
    assert ask(f"{world.endpoint}/_gcp/no-such-function").status_code == 404


def test_a_body_of_32_mb_arrives_and_one_byte_more_is_a_413(url: str) -> None:
    most = 33_554_432

    def blocks(size: int) -> Iterator[bytes]:
        for start in range(0, size, 65_536):
            yield bytes(min(65_536, size - start))

    for body in (bytes, blocks):
        assert ask(url, "length", "POST", data=body(most)).text == str(most)
        assert ask(url, "length", "POST", data=body(most + 1)).status_code == 413


def test_an_answer_of_32_mb_comes_back_and_one_byte_more_is_a_500(url: str) -> None:
    most = 33_554_432
    assert len(ask(url, "answer", params={"size": str(most)}).content) == most
    assert ask(url, "answer", params={"size": str(most + 1)}).status_code == 500


def test_an_answer_without_a_stated_length_may_be_larger(url: str) -> None:
    answer = ask(url, "stream")
    assert (answer.status_code, len(answer.content)) == (200, 33 * 1024 * 1024)
    assert answer.headers["X-Own"] == "1"


def test_requests_are_served_at_once_in_one_process(url: str) -> None:
    """Each of the four waits until all four have begun."""
    with ThreadPoolExecutor(4) as pool:
        answers = list(pool.map(lambda _: ask(url, "meet"), range(4)))
    assert [answer.status_code for answer in answers] == [200] * 4
    assert len({answer.text for answer in answers}) == 1


@pytest.mark.parametrize("half", [b"POST / HTTP/1.1\r\nHost: x\r\nContent-", b"", HALF_BODY])
def test_requests_that_stay_half_sent_hold_nobody_up(world: World, url: str, half: bytes) -> None:
    """Sent to the function itself, which would soon have no thread left."""
    assert ask(url).status_code == 200
    before = {process.pid for process in world.processes("gcp", "the-function")}
    with contextlib.ExitStack() as stack:
        for _ in range(40):
            connection = stack.enter_context(socket.create_connection(("127.0.0.1", port_of(world)), 10))
            connection.sendall(half)
        assert ask(url, timeout=20).status_code == 200
    assert {process.pid for process in world.processes("gcp", "the-function")} == before


def test_a_worker_holds_no_more_connections_than_it_has_files_for() -> None:
    assert max_connections(80, 1_048_576) == 1_000
    assert max_connections(80, 256) == 81
    assert max_connections(80, 1_024) == 844


def test_a_request_over_the_timeout_is_a_504_and_the_instance_lives_on(world: World) -> None:
    address = world.put("gcp", "short", gcp_zip(MAIN), public=True, timeout=2).url
    before = ask(address).text
    assert ask(address, "sleep", params={"seconds": "5"}).status_code == 504
    assert ask(address).text == before
    assert wait_until(lambda: "slept to the end" in world.log("gcp", "short"))
    world.host("gcp").delete("short")


def test_a_job_is_fired_as_cloud_scheduler_sends_it(world: World) -> None:
    code = gcp_zip(
        'import flask\ndef main(r):\n    print("ran")\n    return {"body": r.get_json(), **dict(r.headers)}\n'
    )
    world.put("gcp", "scheduled", code, [SCHEDULER], schedules=[JOB])
    host = world.host("gcp")
    assert host.timers("scheduled") == {"nightly": Timer("0 3 * * SUN", "fired")}
    outcome = host.fire("scheduled", "nightly", "2026-03-01T05:00:00+02:00")
    told = json.loads(outcome["body"])
    assert outcome["status"] == 200
    assert outcome["log_tail"] == "ran\n"
    assert told["body"] == {"a": 1}
    assert told["User-Agent"] == "Google-Cloud-Scheduler"
    assert (told["X-Cloudscheduler"], told["X-Cloudscheduler-Jobname"]) == ("true", "nightly")
    assert told["X-Cloudscheduler-Scheduletime"] == "2026-03-01T03:00:00Z"
    with pytest.raises(L3Error, match="no schedule daily"):
        host.fire("scheduled", "daily")
    host.delete("scheduled")
