"""Opening a session: missing or refused credentials are told before anything is done; a sandbox has its own place."""

from __future__ import annotations

from pathlib import Path

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
        connect(TWIN, "aws")
    assert "AWS_PROFILE" in str(caught.value)


def test_an_unknown_profile_is_named() -> None:
    with pytest.raises(PermissionMissingError, match="nowhere"):
        connect(TWIN, "aws", profile="nowhere")


def test_refused_credentials_say_so_and_show_no_key(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "AKIAEXAMPLE")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "very-secret")
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:9")
    with pytest.raises(PermissionMissingError, match="cannot be used") as caught:
        connect(TWIN, "aws")
    assert "very-secret" not in str(caught.value)


def test_an_unknown_target_lists_what_is_allowed() -> None:
    with pytest.raises(ConfigurationError, match="Allowed: sandbox, aws"):
        connect(TWIN, "azure")  # type: ignore[arg-type]


def test_each_named_sandbox_has_a_folder_of_its_own(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("L3KIT_SANDBOX_HOME", str(tmp_path / "home"))
    assert sandbox_home("default") == tmp_path / "home"
    assert sandbox_home("demo") == tmp_path / "home-demo"
