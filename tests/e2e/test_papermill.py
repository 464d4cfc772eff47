"""The CI job's view: papermill's exit code is the verdict, the result file says what happened, no secret shows."""

from __future__ import annotations

import gzip
import json
import shutil
from pathlib import Path
from typing import Any

import pytest

import l3kit
from l3kit.operate.weather import WEATHER_FILE
from tests.e2e.conftest import Papermill

pytestmark = pytest.mark.sandbox


def thinned(twin: Path, copy: Path, *, every: int) -> Path:
    """A copy of the twin with less data."""
    shutil.copytree(twin, copy)
    with gzip.open(twin / WEATHER_FILE, "rt", encoding="utf-8", newline="") as whole:
        heading, *lines = whole
    with gzip.open(copy / WEATHER_FILE, "wt", encoding="utf-8", newline="") as part:
        part.writelines([heading, *lines[every - 1 :: every]])
    return copy


@pytest.mark.slow  # `make test` runs the same notebooks by nbval
def test_deploy_move_destroy_in_ci(papermill: Papermill, twins: Path, tmp_path: Path) -> None:
    """Every tenth reading; all of them are moved and queried where the notebooks are checked."""
    twin = str(thinned(twins / "nyc-weather", tmp_path / "thinned", every=10))
    first = papermill("deploy_l3", twin=twin)
    assert first.code == 0, first.printed[-2000:]
    assert first.result["summary"] == "deploy nyc-weather: 20 created, 0 as they were"
    assert (first.result["verdict"], first.result["version"]) == ("passed", l3kit.__version__)
    assert first.result["started"] <= first.result["finished"]

    moved = papermill("run_movers", twin=twin, replay_days=90, replay_every_days=90)
    assert moved.code == 0, moved.printed[-2000:]
    assert moved.result["items_to_cold"] == 2395
    assert moved.result["items_to_archive"] > 0
    assert all(report["verdict"] == "complete" for run in moved.result["runs"] for report in run["reports"])

    gone = papermill("destroy_l3", twin=twin, data=True, confirm="nyc-weather", prepare=False)
    assert gone.code == 0, gone.printed[-2000:]
    assert gone.result["summary"] == "destroy nyc-weather: 20 deleted"


@pytest.mark.slow
def test_a_writer_is_verified_and_its_token_shows_nowhere(papermill: Papermill, twins: Path) -> None:
    twin = twins / "weather-from-gcp"
    ran = papermill("verify_connections", twin=str(twin), clouds=["aws"])
    assert ran.code == 0, ran.printed[-2000:]
    probes = [check for check in ran.result["checks"] if check["group"] == "links"]
    assert [probe["seen"] for probe in probes] == ["403", "403", "400"]
    assert not (twin / "config_inter_cloud.json").exists(), "a sandbox keeps its links to itself"
    (kept,) = papermill.links.glob("*/config_inter_cloud.json")
    (connection,) = json.loads(kept.read_text())["connections"].values()
    assert len(connection["token"]) >= 43
    assert connection["token"] not in ran.notebook + ran.printed + json.dumps(ran.result)


@pytest.mark.slow
def test_the_crash_lab_kills_where_it_is_told_to(papermill: Papermill, twins: Path) -> None:
    ran = papermill("crash_lab", twin=str(twins / "crash-lab"), step=7, when="before", every_step=False)
    assert ran.code == 0, ran.printed[-2000:]
    assert ran.result["summary"] == (
        "killed 1 times: 120 readings were put; each is in exactly one place, equal to the last digit"
    )
    assert "killed before step 7, s3 PUT: Runtime exited with error: signal: killed" in ran.notebook


@pytest.mark.slow
def test_a_letter_is_replayed_once_its_cause_is_mended_and_fails_the_notebook_before(
    papermill: Papermill, twins: Path
) -> None:
    twin = twins / "weather-stations"
    listed = papermill("letters", twin=str(twin))
    assert listed.code == 0, listed.printed[-2000:]
    two = "2 dead letters: 1 no-time, 1 unknown-device"
    assert listed.result["summary"] == f"{two}; a dry run: 2 letters would be replayed"
    stayed = papermill("letters", twin=str(twin), dry_run=False)
    assert stayed.code != 0
    assert stayed.result["summary"] == f"{two}; 2 dead letters: 0 replayed, 2 in the dead letters again"
    assert (stayed.result["verdict"], stayed.result["error"]["type"]) == ("failed", "CheckFailedError")
    devices = twin / "config_iot_devices.json"
    devices.write_text(json.dumps([*json.loads(devices.read_text()), {"id": "stranger", "name": "no longer one"}]))
    deployed = papermill("deploy_l3", twin=str(twin))
    assert deployed.code == 0, deployed.printed[-2000:]
    mended = papermill("letters", twin=str(twin), problems=["unknown-device"], dry_run=False)
    assert mended.code == 0, mended.printed[-2000:]
    assert mended.result["summary"] == "1 dead letter: 1 unknown-device; 1 dead letter: 1 replayed"
    assert mended.result["verdict"] == "passed"


def test_an_unknown_parameter_stops_the_run_and_names_the_nearest(papermill: Papermill, twins: Path) -> None:
    ran = papermill("deploy_l3", twin=str(twins / "nyc-weather"), aply_changes=False)
    assert ran.code != 0
    problem = "aply_changes: is not a parameter of this notebook; did you mean apply_changes?"
    assert problem in ran.printed
    assert (ran.result["verdict"], ran.result["twin"], ran.result["target"]) == ("failed", "nyc-weather", "sandbox")
    assert problem in ran.result["error"]["cause"]


@pytest.mark.slow
def test_a_value_out_of_range_is_refused_before_anything_runs(papermill: Papermill, twins: Path) -> None:
    ran = papermill("run_movers", twin=str(twins / "nyc-weather"), replay_every_days=0)
    assert ran.code != 0
    assert "replay_every_days = 0: input should be greater than or equal to 1" in ran.printed


@pytest.mark.slow
def test_a_twin_with_problems_lists_all_of_them_and_creates_nothing(papermill: Papermill, twins: Path) -> None:
    twin = twins / "broken"
    twin.mkdir()
    (twin / "config.json").write_text('{"digital_twin_name": "Broken!"}')
    (twin / "config_iot_devices.json").write_text("[]")
    ran = papermill("deploy_l3", twin=str(twin))
    assert ran.code != 0
    for problem in (
        "digital_twin_name = 'Broken!': must be",
        "config_iot_devices.json: must be a list",
        "the file is missing",
    ):
        assert problem in ran.printed


@pytest.mark.slow
def test_a_failed_check_fails_the_notebook(papermill: Papermill, twins: Path) -> None:
    twin = twins / "nyc-weather"
    ran = papermill("verify_connections", twin=str(twin), clouds=[], prepare=False, canary=False)
    assert ran.code != 0
    assert "CheckFailedError" in ran.printed
    assert not ran.result["passed"]
    assert (ran.result["verdict"], ran.result["error"]["type"]) == ("failed", "CheckFailedError")


@pytest.mark.slow
@pytest.mark.parametrize(
    "layout", [("aws", "azure", "gcp"), ("azure", "gcp", "aws"), ("gcp", "aws", "azure")], ids="-".join
)
def test_one_params_file_drives_all_notebooks_on_any_layout(
    papermill: Papermill, twins: Path, layout: tuple[str, str, str]
) -> None:
    twin = twins / "aws-azure-gcp"
    providers = json.loads((twin / "config_providers.json").read_text())
    providers |= {
        f"layer_3_{tier}_provider": cloud for tier, cloud in zip(("hot", "cold", "archive"), layout, strict=True)
    }
    (twin / "config_providers.json").write_text(json.dumps(providers))

    def ran(notebook: str, **parameters: Any) -> dict[str, Any]:
        done = papermill(notebook, "aws-azure-gcp", twin=str(twin), **parameters)
        assert done.code == 0, done.printed[-2000:]
        return done.result

    assert "0 as they were" in ran("deploy_l3")["summary"]
    moved = ran("run_movers", replay_days=120, replay_every_days=60)
    assert moved["items_to_cold"] == 23953
    assert moved["items_to_archive"] > 0
    assert ran("verify_connections")["passed"]
    history = ran("query_tiers", device="LGA")
    assert sum(history["items"].values()) == 8706
    assert min(history["items"].values()) > 0
    ran("destroy_l3", data=True, confirm="weather-three-clouds", prepare=False)
