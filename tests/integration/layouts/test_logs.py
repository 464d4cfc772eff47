"""Log lines of functions on every cloud, read through the same port, and what is told where there are none."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
import requests

from l3kit.deploy import apply, plan
from l3kit.operate.logs.reading import logs
from l3kit.operate.logs.report import LogRow, LogsReport
from l3kit.session import Session
from l3kit.twin.config import Twin
from l3kit.twin.connections import Connection
from tests.integration.aws.conftest import MakeTwin, saved_links
from tests.integration.layouts.writers import PROVIDERS, sender
from tests.support.waiting import wait_until

pytestmark = [pytest.mark.sandbox, pytest.mark.slow]  # `test_function_log` reads the sandbox's logs in `make test`
WRITER = "cold-writer"


@pytest.fixture(scope="module", params=PROVIDERS)
def cloud(request: pytest.FixtureRequest) -> str:
    """Where the writer is; its sender would be on the next cloud."""
    name: str = request.param
    return name


@pytest.fixture(scope="module")
def twin(cloud: str, clouds: Session, make_twin: MakeTwin) -> Twin:
    made = make_twin(sender(cloud), cloud, cloud, devices=["pump-1"])
    apply(plan(made, clouds, clouds={cloud}), clouds)
    return made


def read(session: Session, twin: Twin, since: datetime, function: str = WRITER) -> LogsReport:
    return logs(session, twin, function, since=since)


def test_what_a_function_prints_is_in_its_log(clouds: Session, cloud: str, twin: Twin) -> None:
    link: Connection = saved_links(clouds, twin)[f"{sender(cloud)}_l3hot_to_{cloud}_l3cold"]
    begun = datetime.now(UTC)
    for _ in range(2):
        assert requests.post(link.url, b"{}", headers={"X-Inter-Cloud-Token": link.token}).status_code == 400

    def refused() -> list[LogRow]:
        return [row for row in read(clouds, twin, begun).rows if row.text.startswith("refused with 400: ")]

    assert wait_until(lambda: len(refused()) == 2)
    report = read(clouds, twin, begun)
    assert report.complete, report.summary()
    assert {(row.function, row.cloud, row.level) for row in refused()} == {(WRITER, cloud, "INFO")}
    assert len({row.request_id for row in refused()}) == 2
    assert all(begun - timedelta(seconds=1) <= row.moment <= datetime.now(UTC) for row in report.rows)
    assert [row.moment for row in report.rows] == sorted(row.moment for row in report.rows)
    assert link.token not in str(report)
    name = clouds.clouds[cloud].function_name(twin, WRITER)
    assert read(clouds, twin, begun, name).rows == report.rows
    assert read(clouds, twin, refused()[1].moment).rows[-1] == report.rows[-1]
    assert read(clouds, twin, datetime.now(UTC) + timedelta(minutes=1)).rows == ()


def test_a_function_that_has_no_log_is_a_gap(clouds: Session, cloud: str, make_twin: MakeTwin) -> None:
    never = make_twin(sender(cloud), cloud, cloud)
    if cloud == "gcp":  # Cloud Logging knows no logs of services, only their lines
        assert read(clouds, never, datetime.now(UTC)).rows == ()
        return
    (gap,) = read(clouds, never, datetime.now(UTC)).gaps
    assert gap.what == f"the log of {WRITER} on {cloud}"
    assert "does not exist" in gap.reason
    assert "Apply" in gap.remedy
