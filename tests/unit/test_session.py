"""Opening a session: missing or refused credentials are told before anything is done; a sandbox has its own place."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from l3kit.errors import ConfigurationError, PermissionMissingError
from l3kit.session import connect, sandbox_home
from l3kit.twin.config import Twin

TWIN = Twin.load(Path(__file__).parents[2] / "params" / "twins" / "nyc-weather")


@pytest.fixture(autouse=True)
def _no_credentials(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_PROFILE", "AWS_SESSION_TOKEN"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", str(tmp_path / "none"))
    monkeypatch.setenv("AWS_CONFIG_FILE", str(tmp_path / "none"))


def test_missing_credentials_are_named_with_the_remedy() -> None:
    with pytest.raises(PermissionMissingError, match="there are none; nothing was done") as caught:
        connect(TWIN, "live")
    assert "AWS_PROFILE" in str(caught.value)


def test_an_unknown_profile_is_named() -> None:
    with pytest.raises(PermissionMissingError, match="nowhere"):
        connect(TWIN, "live", aws_profile="nowhere")


def test_refused_credentials_say_so_and_show_no_key(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "AKIAEXAMPLE")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "very-secret")
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:9")
    with pytest.raises(PermissionMissingError, match="cannot be used") as caught:
        connect(TWIN, "live")
    assert "very-secret" not in str(caught.value)


def test_an_unknown_target_lists_what_is_allowed() -> None:
    with pytest.raises(ConfigurationError, match="'moon' is not allowed; allowed are sandbox and live"):
        connect(TWIN, "moon")  # type: ignore[arg-type]


@pytest.mark.parametrize("cloud", ["aws", "azure", "gcp"])
def test_a_cloud_as_target_is_told_the_targets_new_name(cloud: str) -> None:
    with pytest.raises(ConfigurationError, match="the target for real accounts is now called live"):
        connect(TWIN, cloud)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ({"region": "us-east-1"}, "region: is now called aws_region"),
        ({"aws_profil": "x"}, "aws_profil: is not a parameter of any cloud; did you mean aws_profile"),
        ({"aws_region": "moon"}, "aws_region = 'moon': is not an AWS region"),
        ({"aws_profile": None}, "aws_profile = None: should be text"),
    ],
)
def test_a_wrong_parameter_of_a_cloud_stops_before_anything_is_opened(given: dict[str, Any], words: str) -> None:
    with pytest.raises(ConfigurationError, match=words):
        connect(TWIN, "live", **given)


def test_the_clouds_that_are_not_reached_live_are_named_before_anything_is_asked(tmp_path: Path) -> None:
    told: list[str] = []
    with pytest.raises(ConfigurationError, match="is on Azure, which l3kit reaches in the sandbox only"):
        connect(twin_on(tmp_path, "azure", "azure"), "live", progress=told.append)
    assert told == []


def test_a_twin_on_google_cloud_asks_for_a_region_before_its_credentials(tmp_path: Path) -> None:
    with pytest.raises(
        ConfigurationError, match=r"gcp_region: is empty; nothing was done\. Set it to the twin's region"
    ):
        connect(twin_on(tmp_path, "gcp", "azure"), "live")


def twin_on(folder: Path, hot: str, rest: str) -> Twin:
    for name in ("config.json", "config_iot_devices.json"):
        (folder / name).write_text((TWIN.path / name).read_text("utf-8"), "utf-8")
    layers = dict.fromkeys(("layer_1_provider", "layer_2_provider", "layer_3_hot_provider"), hot)
    others = dict.fromkeys(("layer_3_cold_provider", "layer_3_archive_provider"), rest)
    (folder / "config_providers.json").write_text(json.dumps({**layers, **others}))
    return Twin.load(folder)


def test_each_named_sandbox_has_a_folder_of_its_own(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("L3KIT_SANDBOX_HOME", str(tmp_path / "home"))
    assert sandbox_home("default") == tmp_path / "home"
    assert sandbox_home("demo") == tmp_path / "home-demo"
