"""The file of links: written whole or not at all, by one deployment at a time, and its tokens are shown nowhere."""

from __future__ import annotations

import errno
import logging
import multiprocessing
import os
import signal
import stat
import subprocess
import traceback
from pathlib import Path

import pytest
from filelock import FileLock

from l3kit.errors import ConfigurationError
from l3kit.twin.connections import (
    FILE,
    Connection,
    cold_to_archive_id,
    hot_to_cold_id,
    l1_to_l2_id,
    l2_to_hot_id,
    load_connections,
    new_token,
    save_inter_cloud_connection,
)

COLD, ARCHIVE = "aws_l3hot_to_azure_l3cold", "azure_l3cold_to_gcp_l3archive"

ROOT = Path(__file__).parents[3]


@pytest.mark.parametrize("broken", ["{", "[]", '{"connections": []}', '{"connections": {"x": 1}}', "\xff"])
def test_a_broken_file_is_refused_and_left_as_it_is(tmp_path: Path, broken: str) -> None:
    (tmp_path / FILE).write_bytes(broken.encode("latin-1"))
    with pytest.raises(ConfigurationError, match="left unchanged"):
        save_inter_cloud_connection(tmp_path, COLD, "https://a", "t")
    with pytest.raises(ConfigurationError, match=FILE):
        load_connections(tmp_path)
    assert (tmp_path / FILE).read_bytes() == broken.encode("latin-1")


def _save_many(folder: str, worker: int) -> None:
    for n in range(10):
        save_inter_cloud_connection(folder, f"link-{worker}-{n}", "https://a", "t")


def test_two_deployments_at_once_lose_nothing(tmp_path: Path) -> None:
    context = multiprocessing.get_context("spawn")
    workers = [context.Process(target=_save_many, args=(str(tmp_path), n)) for n in range(3)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    assert len(load_connections(tmp_path)) == 30


def test_a_crash_before_the_rename_leaves_the_old_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    save_inter_cloud_connection(tmp_path, COLD, "https://a", "t1")

    def die(self: Path, target: Path) -> Path:
        raise KeyboardInterrupt

    monkeypatch.setattr(Path, "replace", die)
    with pytest.raises(KeyboardInterrupt):
        save_inter_cloud_connection(tmp_path, COLD, "https://b", "t2")
    monkeypatch.undo()
    assert load_connections(tmp_path)[COLD].url == "https://a"
    assert not list(tmp_path.glob(f".{FILE}*"))


def test_no_file_means_no_connections(tmp_path: Path) -> None:
    assert load_connections(tmp_path) == {}


def test_a_token_shows_in_no_repr_and_no_log(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    token = new_token()
    with caplog.at_level(logging.DEBUG):
        save_inter_cloud_connection(tmp_path, COLD, "https://a", token)
    connection = load_connections(tmp_path)[COLD]
    assert connection.token == token
    assert token not in repr(connection) + str(connection) + caplog.text


def test_tokens_have_256_bits_and_never_repeat() -> None:
    tokens = {new_token() for _ in range(50)}
    assert len(tokens) == 50
    assert all(len(token) >= 43 for token in tokens)


def test_connection_ids_have_the_documented_form() -> None:
    assert l1_to_l2_id("aws", "azure") == "aws_l1_to_azure_l2"
    assert l2_to_hot_id("azure", "gcp") == "azure_l2_to_gcp_l3hot"
    assert hot_to_cold_id("aws", "azure") == COLD
    assert cold_to_archive_id("azure", "gcp") == ARCHIVE


@pytest.mark.parametrize(("url", "token", "complete"), [("u", "t", True), ("", "t", False), ("u", "  ", False)])
def test_a_connection_is_complete_with_url_and_token(url: str, token: str, complete: bool) -> None:
    assert Connection("x", url, token).complete is complete


def _die_before_the_rename(folder: str) -> None:
    def die(self: Path, target: Path) -> Path:
        os.kill(os.getpid(), signal.SIGKILL)
        return target

    Path.replace = die  # type: ignore[method-assign, assignment]
    save_inter_cloud_connection(folder, COLD, "https://b", "t2")


def test_a_killed_deployment_leaves_the_old_file_and_a_free_lock(tmp_path: Path) -> None:
    save_inter_cloud_connection(tmp_path, COLD, "https://a", "t1")
    before = (tmp_path / FILE).read_bytes()
    killed = multiprocessing.get_context("spawn").Process(target=_die_before_the_rename, args=(str(tmp_path),))
    killed.start()
    killed.join()
    assert killed.exitcode == -signal.SIGKILL
    assert (tmp_path / FILE).read_bytes() == before
    (left,) = tmp_path.glob(f".{FILE}.*")
    assert stat.S_IMODE(left.stat().st_mode) == 0o600
    save_inter_cloud_connection(tmp_path, ARCHIVE, "https://c", "t3", lock_seconds=1)
    assert set(load_connections(tmp_path)) == {COLD, ARCHIVE}
    assert not left.exists()


def test_what_a_killed_deployment_leaves_is_never_committed(tmp_path: Path) -> None:
    (tmp_path / ".gitignore").write_bytes((ROOT / ".gitignore").read_bytes())
    names = [FILE, f"{FILE}.lock", f".{FILE}.a1b2c3"]
    subprocess.run(["git", "init", "-q", str(tmp_path)], check=True)
    done = subprocess.run(["git", "-C", str(tmp_path), "check-ignore", *names], capture_output=True, text=True)
    assert done.stdout.split() == names


def test_a_file_that_others_could_read_is_closed_to_them(tmp_path: Path) -> None:
    (tmp_path / FILE).write_text('{"connections": {}}')
    (tmp_path / FILE).chmod(0o644)
    save_inter_cloud_connection(tmp_path, COLD, "https://a", "t1")
    assert stat.S_IMODE((tmp_path / FILE).stat().st_mode) == 0o600


def test_a_lock_that_stays_taken_says_so_and_changes_nothing(tmp_path: Path) -> None:
    with (
        FileLock(f"{tmp_path / FILE}.lock"),
        pytest.raises(ConfigurationError, match=r"locked by another deployment for over 0\.05 s"),
    ):
        save_inter_cloud_connection(tmp_path, COLD, "https://a", "t1", lock_seconds=0.05)
    assert not (tmp_path / FILE).exists()


def test_a_full_disk_says_so_and_leaves_the_old_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    save_inter_cloud_connection(tmp_path, COLD, "https://a", "t1")

    def full(handle: int) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(ConfigurationError, match=r"cannot be written .*No space left"):
        save_inter_cloud_connection(tmp_path, COLD, "https://b", "t2")
    assert load_connections(tmp_path)[COLD].token == "t1"
    assert not list(tmp_path.glob(f".{FILE}*"))


def test_a_broken_files_tokens_show_in_no_message(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    token = new_token()
    (tmp_path / FILE).write_text(f'{{"connections": {{"x": {{"token": "{token}"}}')
    with caplog.at_level(logging.DEBUG), pytest.raises(ConfigurationError) as caught:
        save_inter_cloud_connection(tmp_path, COLD, "https://a", "t")
    shown = "".join(traceback.format_exception(caught.value))
    assert token not in shown + caplog.text
