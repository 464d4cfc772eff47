"""`config_inter_cloud.json`: created, updated, never half written, never shown."""

from __future__ import annotations

import json
import logging
import stat
from pathlib import Path

import pytest

from l3kit.errors import ConfigurationError
from l3kit.twin.connections import (
    FILE,
    Connection,
    load_connections,
    save_inter_cloud_connection,
)

COLD, ARCHIVE = "aws_l3hot_to_azure_l3cold", "azure_l3cold_to_gcp_l3archive"


def content(folder: Path) -> dict[str, dict[str, dict[str, str]]]:
    loaded: dict[str, dict[str, dict[str, str]]] = json.loads((folder / FILE).read_text())
    return loaded


def test_save_inter_cloud_connection_creates_file(tmp_path: Path) -> None:
    save_inter_cloud_connection(tmp_path, COLD, "https://w", "t", provider="azure", function="cold_writer")
    assert content(tmp_path) == {
        "connections": {COLD: {"provider": "azure", "function": "cold_writer", "token": "t", "url": "https://w"}}
    }
    assert stat.S_IMODE((tmp_path / FILE).stat().st_mode) == 0o600


def test_save_inter_cloud_connection_updates_existing(tmp_path: Path) -> None:
    save_inter_cloud_connection(tmp_path, COLD, "https://a", "t1")
    save_inter_cloud_connection(tmp_path, ARCHIVE, "https://b", "t2")
    assert set(content(tmp_path)["connections"]) == {COLD, ARCHIVE}
    assert load_connections(tmp_path)[COLD].url == "https://a"


def test_save_inter_cloud_connection_overwrites_same_conn(tmp_path: Path) -> None:
    save_inter_cloud_connection(tmp_path, COLD, "https://a", "t1", provider="azure")
    save_inter_cloud_connection(tmp_path, COLD, "https://b", "t2")
    assert load_connections(tmp_path)[COLD] == Connection(COLD, "https://b", "t2", "azure", "")


def test_save_inter_cloud_connection_preserves_json_format(tmp_path: Path) -> None:
    (tmp_path / FILE).write_text('{"connections": {"x": {"url": "u", "token": "t", "note": "kept"}}, "version": 7}')
    save_inter_cloud_connection(tmp_path, COLD, "https://a", "t1")
    assert content(tmp_path)["version"] == 7
    assert content(tmp_path)["connections"]["x"] == {"url": "u", "token": "t", "note": "kept"}
    assert not list(tmp_path.glob(f".{FILE}*"))


def test_save_inter_cloud_connection_handles_empty_token(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.WARNING):
        save_inter_cloud_connection(tmp_path, COLD, "https://a", "")
    assert content(tmp_path)["connections"][COLD]["token"] == ""
    assert f"connection {COLD} is saved with an empty token" in caplog.text


def test_save_inter_cloud_connection_invalid_path(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match="nowhere: is not a folder"):
        save_inter_cloud_connection(tmp_path / "nowhere", COLD, "https://a", "t")
    assert not (tmp_path / "nowhere").exists()
