"""The sandbox's functions of Azure and Google Cloud: what they print, read through the port page by page."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest
import requests

from l3kit.errors import ProvisioningError
from l3kit.sandbox.functions.log_pages import PAGE_LINES
from tests.support.cloud_functions import ADMIN, World, azure_zip, gcp_zip, serving

GCP = """
    import sys
    def main(request):
        print(request.args["text"], file=sys.stderr, flush=True)
        return ""
"""
AZURE = """
    import sys
    import azure.functions as func
    app = func.FunctionApp()

    @app.route(route="run", auth_level=func.AuthLevel.ANONYMOUS)
    def run(req: func.HttpRequest) -> func.HttpResponse:
        print(req.params["text"], file=sys.stderr, flush=True)
        return func.HttpResponse("")
"""
PATHS = {"azure": "/api/run", "gcp": "/"}


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    with serving(tmp_path_factory.mktemp("logs")) as served:
        yield served


@pytest.mark.parametrize(
    "cloud", ["gcp", pytest.param("azure", marks=pytest.mark.slow)]
)  # one of them builds and starts within `make test`
def test_a_log_is_read_from_a_moment_on_and_stays_when_its_function_goes(world: World, cloud: str) -> None:
    code = azure_zip(AZURE) if cloud == "azure" else gcp_zip(GCP)
    there = world.put(cloud, "printer", code, public=cloud == "gcp")
    host = world.host(cloud)

    def say(text: str) -> None:
        assert requests.get(f"{there.url}{PATHS[cloud]}", {"text": text}, timeout=60).status_code == 200

    before = datetime.now(UTC) - timedelta(milliseconds=1)
    say("ERROR first\nsecond")
    between = datetime.now(UTC)
    say("third")
    lines = [line for line in host.log("printer", before) if line.text in ("ERROR first", "second", "third")]
    assert [(line.text, line.level) for line in lines] == [("ERROR first", "ERROR"), ("second", ""), ("third", "")]
    assert before <= lines[0].moment <= lines[1].moment <= between <= lines[2].moment + timedelta(milliseconds=1)
    assert "third" in [line.text for line in host.log("printer", between - timedelta(milliseconds=1))]
    assert "second" not in [line.text for line in host.log("printer", between + timedelta(milliseconds=1))]
    host.delete("printer")
    told = list(host.log("printer", before))
    assert lines[2] in told
    assert "its function is deleted" in told[-1].text


def test_a_long_log_is_read_in_pages(world: World) -> None:
    stamps = (datetime(2026, 3, 1, tzinfo=UTC) + timedelta(seconds=number) for number in range(PAGE_LINES + 7))
    file = world.home.log("gcp-long")
    file.write_text("".join(f"{stamp.isoformat()} line {number}\n" for number, stamp in enumerate(stamps)))
    lines = list(world.host("gcp").log("long", datetime(2026, 3, 1, 0, 0, 5, tzinfo=UTC)))
    assert [line.text for line in lines] == [f"line {number}" for number in range(5, PAGE_LINES + 7)]
    assert len({line.id for line in lines}) == len(lines)


def test_a_log_that_is_not_there_is_told_with_the_remedy(world: World) -> None:
    with pytest.raises(ProvisioningError, match=r"log of nobody: does not exist\. Apply the twin"):
        list(world.host("gcp").log("nobody", None))


@pytest.mark.parametrize("query", [{"since": "2026-03-01"}, {"since": "x"}, {"after": "-1"}, {"after": "x"}])
def test_a_query_that_is_none_is_refused(world: World, query: dict[str, str]) -> None:
    url = f"{world.endpoint}/_sandbox/functions/gcp/x/log"
    assert requests.get(url, query, headers=ADMIN, timeout=60).status_code == 400
    assert requests.get(url, timeout=60).status_code == 403
