"""Each verb tells that nobody answers, or that the credentials cannot be used."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from datetime import date
from functools import partial
from pathlib import Path

import pytest
from azure.core.exceptions import DecodeError, HttpResponseError, ServiceRequestError
from botocore.exceptions import EndpointConnectionError, NoCredentialsError

from l3kit.clouds.aws.control import calls as aws_calls
from l3kit.clouds.aws.price_list import refresh_prices
from l3kit.clouds.azure.control import calls as azure_calls
from l3kit.errors import L3Error, PermissionMissingError, ProvisioningError
from l3kit.operate.verify.report import drift_checks
from l3kit.session import Session, connect, reached
from l3kit.twin.layout import MOVERS
from tests.unit.raw_errors.telling import CLOSED, NOON, SECRET, TWIN, VERBS, told

CONTROL: Mapping[str, Callable[[Session], object]] = {
    **{verb: VERBS[verb] for verb in ("plan", "plan_destroy", "destroy", "run_mover", "replay")},
    "verify functions": lambda s: list(reached(s, "aws", "").function_checks(TWIN)),
    "verify schedules": lambda s: list(reached(s, "aws", "").schedule_checks(TWIN)),
    "verify drift": lambda s: list(drift_checks(s, TWIN, ())),
    "explain's schedules": lambda s: reached(s, "aws", "").schedule(TWIN, MOVERS[0], NOON),
}


@pytest.mark.parametrize("verb", CONTROL)
def test_each_verb_of_the_control_plane_tells_that_nobody_answers(verb: str, unreachable: Session) -> None:
    with pytest.raises(L3Error, match=r"got no response \(Could not connect to the endpoint URL") as caught:
        CONTROL[verb](unreachable)
    told(caught.value)


AZURE = partial(azure_calls.explained, role="r")
OF_SDKS: Mapping[str, tuple[Callable[[str], AbstractContextManager[None]], Exception, str]] = {
    "boto3, no answer": (aws_calls.explained, EndpointConnectionError(endpoint_url=CLOSED), "cannot be reached"),
    "boto3, no keys": (aws_calls.explained, NoCredentialsError(), "cannot be reached"),
    "azure, no answer": (AZURE, ServiceRequestError(SECRET), "could not be reached"),
    "azure, a broken answer": (AZURE, DecodeError(SECRET), "Azure returned"),
}


@pytest.mark.parametrize("kind", OF_SDKS)
def test_each_sdks_errors_are_told_without_what_they_quote(kind: str) -> None:
    explained, error, words = OF_SDKS[kind]
    with pytest.raises(ProvisioningError, match=words) as caught, explained("table t"):
        raise error
    assert "table t" in told(caught.value)


def _azure(status: int) -> HttpResponseError:
    error = HttpResponseError(SECRET)
    error.status_code = status
    return error


REFUSED: Mapping[str, tuple[Callable[[str, str], AbstractContextManager[None]], str, Exception, str]] = {
    "azure, blobs": (azure_calls.explained, azure_calls.BLOBS_ROLE, _azure(403), "Storage Blob Data Contributor"),
    "azure, cosmos": (azure_calls.explained, azure_calls.COSMOS_ROLE, _azure(401), "Cosmos DB Operator"),
}


@pytest.mark.parametrize("kind", REFUSED)
def test_a_refusal_of_a_control_plane_names_the_role(kind: str) -> None:
    explained, role, error, named = REFUSED[kind]
    with pytest.raises(PermissionMissingError) as caught, explained("table t", role):
        raise error
    assert f"whoever runs this the role {named}" in told(caught.value)


BROKEN: Mapping[str, tuple[dict[str, str], str]] = {
    "an unknown profile": ({"AWS_PROFILE": "nowhere"}, ""),
    "a file that is none": ({}, "[[[ broken"),
    "half of the keys": ({}, f"[default]\naws_secret_access_key = {SECRET}\naws_session_token = x\n"),
    "half of the keys in the shell": ({"AWS_ACCESS_KEY_ID": "AKIAEXAMPLE"}, ""),
    "a program that fails": (
        {},
        f"[default]\ncredential_process = sh -c 'echo {SECRET} >&2; exit 3'\n",
    ),
    "a login that has ended": (
        {},
        "[default]\nsso_start_url = https://x.example\nsso_region = us-east-1\nsso_account_id = 123456789012\n"
        "sso_role_name = r\n",
    ),
    "an address that is none": (
        {"AWS_ENDPOINT_URL": "nowhere", "AWS_ACCESS_KEY_ID": "x", "AWS_SECRET_ACCESS_KEY": SECRET},
        "",
    ),
    "no network": (
        {"AWS_ENDPOINT_URL": CLOSED, "AWS_ACCESS_KEY_ID": "x", "AWS_SECRET_ACCESS_KEY": SECRET},
        "",
    ),
}


@pytest.fixture
def shell(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Callable[[str], None]:
    """Sets a class of broken credentials up."""
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_PROFILE", "AWS_SESSION_TOKEN"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    monkeypatch.setenv("AWS_MAX_ATTEMPTS", "1")

    def break_(kind: str) -> None:
        variables, content = BROKEN[kind]
        (tmp_path / "config").write_text(content)
        monkeypatch.setenv("AWS_CONFIG_FILE", str(tmp_path / "config"))
        monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", str(tmp_path / "none"))
        for name, value in variables.items():
            monkeypatch.setenv(name, value)

    return break_


@pytest.mark.parametrize("kind", BROKEN)
def test_connect_tells_what_is_wrong_with_the_credentials(kind: str, shell: Callable[[str], None]) -> None:
    shell(kind)
    with pytest.raises(L3Error, match=r"AWS credentials: .*; nothing was done") as caught:
        connect(TWIN, "live")
    assert "AWS_PROFILE" in told(caught.value)


@pytest.mark.parametrize("kind", BROKEN)
def test_cost_refresh_tells_what_is_wrong_with_the_credentials(
    kind: str, shell: Callable[[str], None], tmp_path: Path
) -> None:
    shell(kind)
    with pytest.raises(L3Error) as caught:
        refresh_prices(tmp_path / "prices.yaml", today=date(2026, 1, 1))
    told(caught.value)
    assert not (tmp_path / "prices.yaml").exists()
