"""`config_inter_cloud.json`: where each cross-cloud link leads and the token it takes. Only this module writes it.

The file holds tokens: it is never committed, never shown, and readable by its owner alone.
"""

from __future__ import annotations

import json
import logging
import os
import secrets
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from filelock import FileLock, Timeout

from l3kit.errors import ConfigurationError

FILE = "config_inter_cloud.json"
LOCK_SECONDS = 30.0
TOKEN_BYTES = 32
"""256 bits (DESIGN, section 3)."""

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Connection:
    """One link. The token shows in no repr."""

    conn_id: str
    url: str
    token: str = field(repr=False)
    provider: str = ""
    function: str = ""

    @property
    def complete(self) -> bool:
        return bool(self.url.strip() and self.token.strip())


def l1_to_l2_id(l1: str, l2: str) -> str:
    return f"{l1}_l1_to_{l2}_l2"


def l2_to_hot_id(l2: str, hot: str) -> str:
    return f"{l2}_l2_to_{hot}_l3hot"


def hot_to_cold_id(hot: str, cold: str) -> str:
    return f"{hot}_l3hot_to_{cold}_l3cold"


def cold_to_archive_id(cold: str, archive: str) -> str:
    return f"{cold}_l3cold_to_{archive}_l3archive"


def new_token() -> str:
    """A fresh token of 256 random bits, URL-safe text."""
    return secrets.token_urlsafe(TOKEN_BYTES)


def load_connections(project_path: str | Path) -> dict[str, Connection]:
    """All saved links by id; empty where there is no file yet. Raises: ConfigurationError for a broken file."""
    path = Path(project_path) / FILE
    content = _read(path) if path.exists() else {"connections": {}}
    return {
        conn_id: Connection(conn_id, *(str(entry.get(key) or "") for key in ("url", "token", "provider", "function")))
        for conn_id, entry in content["connections"].items()
    }


def save_inter_cloud_connection(
    project_path: str | Path,
    conn_id: str,
    url: str,
    token: str,
    *,
    provider: str | None = None,
    function: str | None = None,
    lock_seconds: float = LOCK_SECONDS,
) -> None:
    """Create or update one link, keeping every other one and every field this version does not know.

    All or nothing, under a file lock, so two deployments at once lose nothing; file mode 0600. An empty token is
    saved with a warning: the receiver will refuse everything.
    Raises: ConfigurationError where the folder is missing or cannot be written, the lock stays taken, or the file is
        broken (it is left as it is).
    """
    folder = Path(project_path)
    path = folder / FILE
    if not folder.is_dir():
        raise ConfigurationError(str(folder), "is not a folder", f"{FILE} is kept in the twin's folder")
    if not token.strip():
        log.warning("connection %s is saved with an empty token: its writer will refuse every request", conn_id)
    changes = {"url": url, "token": token, "provider": provider, "function": function}
    try:
        with FileLock(f"{path}.lock", timeout=lock_seconds):
            _update(path, conn_id, {key: value for key, value in changes.items() if value is not None})
    except Timeout:
        raise ConfigurationError(
            FILE, f"is held by another deployment for over {lock_seconds:g} s", "Wait for it to end, then repeat"
        ) from None
    except OSError as error:
        raise ConfigurationError(FILE, f"cannot be written ({error.strerror})", "It was left as it is") from None
    log.info("saved connection %s", conn_id)


def _update(path: Path, conn_id: str, changes: Mapping[str, str]) -> None:
    for left in path.parent.glob(f".{path.name}.*"):  # by a deployment that was killed: the lock is ours alone
        left.unlink(missing_ok=True)
    content = _read(path) if path.exists() else {"connections": {}}
    entry = {**content["connections"].get(conn_id, {}), **changes}
    content["connections"][conn_id] = {key: entry[key] for key in sorted(entry)}
    _write(path, content)


def _read(path: Path) -> dict[str, Any]:
    try:
        content = json.loads(path.read_text("utf-8"))
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or getattr(error, "msg", None) or "not UTF-8"
        raise ConfigurationError(
            path.name, f"cannot be read ({reason})", "Mend or remove it; it was left as it is"
        ) from None
    connections = content.get("connections") if isinstance(content, dict) else None
    if not isinstance(connections, dict) or not all(isinstance(entry, Mapping) for entry in connections.values()):
        raise ConfigurationError(
            path.name, "has no object 'connections' of objects", "Mend or remove it; it was left as it is"
        )
    return dict(content)


def _write(path: Path, content: Mapping[str, Any]) -> None:
    handle, temporary = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")  # mode 0600
    try:
        with os.fdopen(handle, "w", encoding="utf-8") as file:
            json.dump(content, file, indent=2, ensure_ascii=False)
            file.write("\n")
            file.flush()
            os.fsync(file.fileno())
        Path(temporary).replace(path)
    except BaseException:
        Path(temporary).unlink(missing_ok=True)
        raise
    folder = os.open(path.parent, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)
