"""Invoking the movers: until all is moved that can be, with every refusal told in words."""

from __future__ import annotations

import base64
import io
import json
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import boto3
import pytest
from botocore.response import StreamingBody
from botocore.stub import Stubber

from l3kit.clouds.aws.cloud import AwsCloud
from l3kit.clouds.aws.session import AwsSession
from l3kit.clouds.shared.hosted_functions import INVOKE_SECONDS
from l3kit.errors import ConfigurationError, L3Error, PermissionMissingError, ProvisioningError
from l3kit.operate import movers
from l3kit.operate.movers import MoverRun, moments_between, run_mover
from l3kit.session import Session
from l3kit.twin.config import Twin
from l3kit.twin.layout import MOVERS
from tests.support.accounts import aws_of

MOVER = MOVERS[0]
TWIN = Twin.load(Path(__file__).parents[3] / "params" / "twins" / "nyc-weather")
NAME = "nyc-weather-hot-to-cold-mover"
BOTO = boto3.Session(aws_access_key_id="x", aws_secret_access_key="x", region_name="us-east-1")
SKIP = {"key": "2026-01-01T00:00:00Z", "reason": "not a number"}


def report(verdict: str, *, chunks: int = 1, remains: bool = False, skipped: bool = False) -> dict[str, Any]:
    device = {
        "device_id": "d",
        "items": chunks * 10,
        "bytes": chunks * 100,
        "chunks": chunks,
        "keys": [],
        "skipped": [SKIP] if skipped else [],
        "notes": [],
        "remains": remains,
    }
    totals = {name: device[name] for name in ("items", "bytes", "chunks")}
    return {"verdict": verdict, **totals, "devices": [device], "requests": {}, "retries": {}}


def session(endpoint: str | None = None) -> Session:
    return Session("live", {"aws": AwsCloud(AwsSession("us-east-1", "123456789012", endpoint, BOTO))})


class Lambda:
    """A session whose Lambda client checks each call and answers in turn."""

    def __init__(self) -> None:
        self.session = session()
        self.stub = Stubber(aws_of(self.session).client("lambda", read_timeout=INVOKE_SECONDS, max_attempts=1))

    def answers(self, payload: Any, event: dict[str, str] | None = None, **more: Any) -> None:
        body = json.dumps(payload).encode()
        expected = {"FunctionName": NAME, "Payload": json.dumps(event or {}).encode(), "LogType": "Tail"}
        self.stub.add_response("invoke", {"Payload": StreamingBody(io.BytesIO(body), len(body)), **more}, expected)

    def refuses(self, code: str) -> None:
        self.stub.add_client_error("invoke", service_error_code=code)


@pytest.fixture
def functions() -> Iterator[Lambda]:
    functions = Lambda()
    with functions.stub:
        yield functions
        functions.stub.assert_no_pending_responses()


def test_a_mover_is_invoked_until_its_deadline_no_longer_comes_first(functions: Lambda) -> None:
    functions.answers(report("deadline", remains=True))
    functions.answers(report("deadline", remains=True))
    functions.answers(report("complete"))
    moved = run_mover(functions.session, TWIN, MOVER)
    assert (moved.verdict, moved.total("chunks")) == ("complete", 3)


def test_one_bad_item_does_not_keep_the_rest_from_being_moved(functions: Lambda) -> None:
    functions.answers(report("partial", remains=True, skipped=True))
    functions.answers(report("partial", skipped=True))
    moved = run_mover(functions.session, TWIN, MOVER)
    assert (moved.verdict, moved.total("chunks"), moved.skipped) == ("partial", 2, [SKIP])


def test_a_mover_that_gets_nowhere_is_not_invoked_again(functions: Lambda) -> None:
    functions.answers(report("failed", chunks=0, remains=True, skipped=True))
    assert run_mover(functions.session, TWIN, MOVER).verdict == "failed"


@pytest.mark.parametrize(
    ("time", "told"),
    [
        (datetime(2026, 1, 1, 2, tzinfo=timezone(timedelta(hours=2))), "2026-01-01T00:00:00Z"),
        ("2026-01-01T02:00+02:00", "2026-01-01T00:00:00Z"),
        ("1767225600250", "2026-01-01T00:00:00.25Z"),
        ("2026-01-01", "2026-01-01T00:00:00Z"),
        (date(2026, 1, 1), "2026-01-01T00:00:00Z"),
    ],
)
def test_the_time_is_handed_on_as_the_scheduler_would_in_utc(functions: Lambda, time: Any, told: str) -> None:
    functions.answers(report("complete"), {"time": told})
    run_mover(functions.session, TWIN, MOVER, time=time)


@pytest.mark.parametrize("time", ["any text", "", "2026-01-01T00:00:00", datetime(2026, 1, 1)])
def test_a_time_that_is_none_is_refused_before_anything_is_invoked(time: Any) -> None:
    with pytest.raises(ConfigurationError, match=r"^time '.*Write it like"):
        run_mover(session(), TWIN, MOVER, time=time)


def test_a_function_that_is_not_deployed_is_named_with_the_remedy(functions: Lambda) -> None:
    functions.refuses("ResourceNotFoundException")
    with pytest.raises(ProvisioningError, match=rf"{NAME}: is not deployed\. Run deploy_l3 first"):
        run_mover(functions.session, TWIN, MOVER)


def test_a_refused_invocation_says_why(functions: Lambda) -> None:
    functions.refuses("TooManyRequestsException")
    with pytest.raises(L3Error, match=rf"{NAME}: was not invoked \(TooManyRequestsException\)\. Run it again"):
        run_mover(functions.session, TWIN, MOVER)


def test_an_invocation_that_is_not_allowed_names_the_missing_permission(functions: Lambda) -> None:
    functions.refuses("AccessDeniedException")
    with pytest.raises(PermissionMissingError, match=rf"{NAME}: Invoke is not allowed.*l3kit permissions aws"):
        run_mover(functions.session, TWIN, MOVER)


def test_no_answer_at_all_says_so() -> None:
    with pytest.raises(L3Error, match=r"did not respond \(EndpointConnectionError\)"):
        run_mover(session("http://127.0.0.1:9"), TWIN, MOVER)


def test_a_failed_run_shows_its_error_and_only_the_end_of_its_log(functions: Lambda) -> None:
    log = "\n".join(f"line {n}" for n in range(30))
    functions.answers(
        {"errorMessage": "no table"}, FunctionError="Unhandled", LogResult=base64.b64encode(log.encode()).decode()
    )
    with pytest.raises(L3Error, match="failed: no table") as caught:
        run_mover(functions.session, TWIN, MOVER)
    assert "line 29" in str(caught.value)
    assert "line 17" not in str(caught.value)


@pytest.mark.parametrize("payload", [None, "done", {"items": 1}])
def test_an_answer_of_another_version_is_no_report(functions: Lambda, payload: object) -> None:
    functions.answers(payload)
    with pytest.raises(L3Error, match="did not return a report"):
        run_mover(functions.session, TWIN, MOVER)


def test_only_movers_are_invoked() -> None:
    with pytest.raises(L3Error, match=r"cold-writer: is not a mover\. Movers: hot-to-cold-mover"):
        run_mover(session(), TWIN, "cold-writer")


def test_a_mover_that_never_ends_is_given_up(functions: Lambda, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(movers, "MAX_INVOCATIONS", 3)
    for _ in range(3):
        functions.answers(report("deadline", chunks=0, remains=True))
    assert len(run_mover(functions.session, TWIN, MOVER).reports) == 3


def test_a_run_whose_rest_could_not_be_moved_is_partial_not_failed() -> None:
    rest = report("failed", chunks=0, skipped=True)
    assert MoverRun(MOVER, (report("partial", remains=True, skipped=True), rest)).verdict == "partial"
    assert MoverRun(MOVER, (rest,)).verdict == "failed"


def test_a_runs_table_has_a_row_per_device_and_its_sentence_counts_what_was_skipped_once() -> None:
    twice = MoverRun(MOVER, (report("deadline", remains=True, skipped=True), report("partial", skipped=True)))
    assert twice.summary() == "hot-to-cold-mover: 20 items, 2 chunks, 200 bytes; partial, 1 skipped"
    frame = twice.to_frame()
    assert list(frame["skipped"]) == ["2026-01-01T00:00:00Z: not a number"] * 2
    assert list(frame["remains"]) == [True, False]


def test_a_run_shows_its_sentence_and_first_the_devices_of_which_something_was_left() -> None:
    clean, left = report("partial"), report("partial", skipped=True)
    left["devices"][0]["device_id"] = "z"
    run = MoverRun(MOVER, ({**clean, "devices": [*clean["devices"], *left["devices"]]},))
    (shown,) = run.sheet().tables
    assert [row[0] for row in shown.rows] == ["z", "d"]
    assert str(run).startswith(run.summary())
    assert "2026-01-01T00:00:00Z: not a number" in run._repr_html_()


def test_a_run_with_nothing_to_tell_has_empty_tables() -> None:
    quiet = MoverRun(MOVER, ({**report("complete", chunks=0), "devices": []},))
    assert list(quiet.to_frame().columns) == ["device", "items", "chunks", "bytes", "skipped", "notes", "remains"]
    assert quiet.to_frame().empty
    assert quiet.requests_frame().empty


END = datetime(2026, 3, 1, tzinfo=UTC)


@pytest.mark.parametrize(("days", "every", "wanted"), [(0, 30, [0]), (60, 30, [60, 30, 0]), (5, 30, [5, 0])])
def test_scheduled_times_run_from_the_start_to_the_end(days: int, every: int, wanted: list[int]) -> None:
    moments = moments_between(END - timedelta(days=days), END, timedelta(days=every))
    assert [(END - moment).days for moment in moments] == wanted


def test_times_that_would_never_reach_the_end_are_refused() -> None:
    with pytest.raises(L3Error, match="Name a positive interval"):
        moments_between(END - timedelta(days=1), END, timedelta(0))
