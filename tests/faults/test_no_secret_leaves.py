"""No token, key of a webhook or signature leaves a deployment of Google Cloud by its errors, plans or logs."""

from __future__ import annotations

import json
import logging
from collections.abc import Iterator
from pathlib import Path

import pytest

from l3kit.clouds.gcp.cloud import GcpCloud
from l3kit.clouds.gcp.control.functions import CloudRunFunctions
from l3kit.clouds.gcp.recording import Recorder
from l3kit.clouds.ports.function_host import Definition
from l3kit.deploy.run import apply, plan, plan_destroy
from l3kit.errors import L3Error
from l3kit.session import Session
from l3kit.tiering.tokens import TOKEN_VARIABLE
from tests.support.control_plane import Cloud, Fault
from tests.support.google_plane import EVERY_API
from tests.unit.clouds.gcp.control.watched import watched_twin

TOKEN, KEY = "t0ken-of-a-link-4711", "KEY-0815"
HOOK = f"https://hook.example/{KEY}"
SIGNED, BEARER = "Signature=", "token-of:"
SECRETS = (TOKEN, KEY, SIGNED, BEARER)


@pytest.fixture
def cloud(caplog: pytest.LogCaptureFixture) -> Iterator[Cloud]:
    from l3kit.sandbox.gcp.control.settings import PlaneSettings

    caplog.set_level(logging.DEBUG)
    made = Cloud(PlaneSettings(enabled=EVERY_API))
    yield made
    made.close()


def clean(*texts: object) -> None:
    for text in map(str, texts):
        assert not [secret for secret in SECRETS if secret in text], text


def test_no_secret_is_in_plans_results_step_logs_or_log_lines(
    cloud: Cloud, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    twin = watched_twin(tmp_path, chain=True, notify=[HOOK])
    session = Session("live", {"gcp": GcpCloud(cloud.session())})
    planned = plan(twin, session)
    done = apply(planned, session)
    again = plan(twin, session)
    gone = apply(plan_destroy(twin, session, data=True), session)
    said = [*planned.lines(), *again.lines(), json.dumps(planned.to_json()), str(done), str(gone), repr(session)]
    clean(*said, session.deploy_log(twin).read_text(), caplog.text)


@pytest.mark.parametrize("statuses", [[400], [403], [500] * 20], ids=["refused", "forbidden", "broken"])
@pytest.mark.parametrize("number", range(0, 60, 4))
def test_no_error_at_any_request_shows_one(cloud: Cloud, tmp_path: Path, number: int, statuses: list[int]) -> None:
    twin = watched_twin(tmp_path, chain=True, notify=[HOOK])
    session = Session("live", {"gcp": GcpCloud(cloud.session())})
    cloud.http.fault = Fault(number, "", statuses)
    try:
        apply(plan(twin, session), session)
    except L3Error as error:
        clean(error, repr(error), session.deploy_log(twin).read_text() if session.deploy_log(twin).exists() else "")


def test_a_functions_settings_are_in_no_error_and_no_repr(cloud: Cloud) -> None:
    definition = Definition("3.13", {TOKEN_VARIABLE: TOKEN, "X_URL": HOOK}, "plant", 60, identity="plant-hot-reader")
    functions = CloudRunFunctions(cloud.place)
    with pytest.raises(L3Error) as caught:
        functions.create("plant-hot-reader", definition, b"zip")
    clean(caught.value, repr(caught.value), repr(definition), repr(functions))


def test_a_recording_of_all_requests_has_none(cloud: Cloud, tmp_path: Path) -> None:
    from l3kit.clouds.gcp.control.traffic import Exchange

    kept = Recorder("plant", dict)
    kept(
        Exchange(
            "run", "POST", "v2/x", {"environmentVariables": {TOKEN_VARIABLE: TOKEN}}, 200, {}, {"uploadUrl": SIGNED}
        )
    )
    clean(kept.text())
