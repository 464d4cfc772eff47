"""`config_inter_cloud.json`: url and token of each cross-cloud link and reader. Only this module writes it.

The file holds tokens: it is never committed, never shown, and readable by its owner alone. The twin's folder has the
file of the real accounts; each sandbox keeps its own. It can always be rebuilt from what is deployed
(`l3kit.clouds.ports.deployed_links`).
"""

from __future__ import annotations

import hashlib
import json
import logging
import os
import secrets
import tempfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from filelock import FileLock, Timeout

from l3kit.errors import ConfigurationError
from l3kit.files import LOCK_SECONDS, refusal
from l3kit.tiering.tokens import FORMER_VARIABLE, TOKEN_VARIABLE, FormerToken, format_former, parse_former

FILE = "config_inter_cloud.json"
TOKEN_BYTES = 32
"""256 bits of randomness."""
OF_THE_TOKEN = ("previous", "replaces")
"""Fields that describe the token of the same link; omitted if empty."""

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Connection:
    """One link. No repr contains its tokens.

    Attributes:
        former: tokens that the receiver still accepts until they expire.
        replaces: digest of the receiver's state that this newer entry is to replace (`variables_digest`).
    """

    conn_id: str
    url: str
    token: str = field(repr=False)
    provider: str = ""
    function: str = ""
    former: tuple[FormerToken, ...] = field(default=(), repr=False)
    replaces: str = field(default="", repr=False)

    @property
    def complete(self) -> bool:
        return bool(self.url.strip() and self.token.strip())


@dataclass(frozen=True, slots=True)
class DeployedWriter:
    """A deployed receiver, as its cloud reports it.

    Attributes:
        url: address for POST requests; empty if it has none.
        variables: environment variables, tokens included, so that no repr contains them.
    """

    url: str
    variables: Mapping[str, str] = field(repr=False)


@dataclass(frozen=True, slots=True)
class LinkFile:
    """File of one twin's links for one target: the real accounts, or one sandbox.

    Attributes:
        path: the file.
        sandbox: it belongs to a sandbox, so a missing folder is created.
    """

    path: Path
    sandbox: bool = False

    def load(self) -> dict[str, Connection]:
        """Load all saved links by id; empty if there is no file yet. Raises: ConfigurationError for a broken file."""
        content = _read(self.path)
        return {conn_id: _connection(conn_id, entry) for conn_id, entry in content["connections"].items()}

    def save(self, connection: Connection, *, lock_seconds: float = LOCK_SECONDS) -> None:
        """Create or update one link as a whole. See `save_inter_cloud_connection`."""
        changes = {"url": connection.url, "token": connection.token}
        changes |= {"provider": connection.provider} if connection.provider else {}
        changes |= {"function": connection.function} if connection.function else {}
        changes |= {"previous": format_former(connection.former), "replaces": connection.replaces}
        self.change(connection.conn_id, changes, lock_seconds)

    def change(self, conn_id: str, changes: Mapping[str, str], lock_seconds: float = LOCK_SECONDS) -> None:
        """Set these fields of one link; all other fields and links are kept.

        Raises: ConfigurationError.
        """
        self._locked(lambda: _update(self.path, conn_id, changes), lock_seconds)
        log.info("saved connection %s", conn_id)

    def remove(self, conn_id: str) -> None:
        """Remove one link. Raises: ConfigurationError."""
        self._locked(lambda: _remove(self.path, conn_id), LOCK_SECONDS)
        log.info("removed connection %s", conn_id)

    def _locked(self, do: Callable[[], None], lock_seconds: float) -> None:
        try:
            if self.sandbox:
                self.path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            if not self.path.parent.is_dir():
                folder = str(self.path.parent)
                raise ConfigurationError(folder, "is not a folder", f"{FILE} is kept in the twin's folder")
            with FileLock(f"{self.path}.lock", timeout=lock_seconds, mode=0o600):
                do()
        except Timeout:
            raise ConfigurationError(
                FILE,
                f"has been locked by another deployment for over {lock_seconds:g} s",
                "Wait for it to end, then repeat",
            ) from None
        except OSError as error:
            cause, remedy = refusal(error)
            left = f"{remedy}. It was left unchanged"
            raise ConfigurationError(FILE, f"cannot be written ({cause})", left) from None


def variables_digest(variables: Mapping[str, str]) -> str:
    """Digest of a receiver's tokens, by which an entry identifies the state that it is to replace."""
    values = [variables.get(name, "").strip() for name in (TOKEN_VARIABLE, FORMER_VARIABLE)]
    return hashlib.sha256("\n".join(values).encode()).hexdigest()


def l1_to_l2_id(l1: str, l2: str) -> str:
    return f"{l1}_l1_to_{l2}_l2"


def l2_to_l1_id(l2: str, l1: str) -> str:
    return f"{l2}_l2_to_{l1}_l1"


def l2_to_hot_id(l2: str, hot: str) -> str:
    return f"{l2}_l2_to_{hot}_l3hot"


def hot_to_cold_id(hot: str, cold: str) -> str:
    return f"{hot}_l3hot_to_{cold}_l3cold"


def cold_to_archive_id(cold: str, archive: str) -> str:
    return f"{cold}_l3cold_to_{archive}_l3archive"


def reader_id(hot: str, reader: str) -> str:
    return f"{hot}_l3hot_{reader}"


def new_token() -> str:
    """Generate a token of 256 random bits as URL-safe text."""
    return secrets.token_urlsafe(TOKEN_BYTES)


def load_connections(project_path: str | Path) -> dict[str, Connection]:
    """Load the links of real accounts by id; empty if there is no file yet. Raises: ConfigurationError."""
    return LinkFile(Path(project_path) / FILE).load()


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
    """Create or update one link of real accounts, keeping all others and all unknown fields.

    The write is atomic and under a file lock, so that concurrent deployments lose nothing; file mode 0600. An empty
    token is saved with a warning: the receiver will refuse every request.
    Raises: ConfigurationError if the folder is missing or cannot be written, the lock stays taken, or the file is
        broken (it is left unchanged).
    """
    if not token.strip():
        log.warning("connection %s is saved with an empty token: its writer will refuse every request", conn_id)
    changes = {"url": url, "token": token, "provider": provider, "function": function}
    given = {key: value for key, value in changes.items() if value is not None}
    LinkFile(Path(project_path) / FILE).change(conn_id, given, lock_seconds)


def _update(path: Path, conn_id: str, changes: Mapping[str, str]) -> None:
    content = _content(path)
    before = content["connections"].get(conn_id, {})
    if "token" in changes and changes["token"] != before.get("token"):  # what described the former one
        before = {key: value for key, value in before.items() if key not in OF_THE_TOKEN}
    entry = {**before, **changes}
    entry = {key: value for key, value in entry.items() if value or key not in OF_THE_TOKEN}
    content["connections"][conn_id] = {key: entry[key] for key in sorted(entry)}
    _write(path, content)


def _remove(path: Path, conn_id: str) -> None:
    content = _content(path)
    if content["connections"].pop(conn_id, None) is not None:
        _write(path, content)


def _content(path: Path) -> dict[str, Any]:
    """Return the file's current content. The lock must be held."""
    for left in path.parent.glob(f".{path.name}.*"):  # by a killed deployment: nobody else holds the lock
        left.unlink(missing_ok=True)
    return _read(path)


def _connection(conn_id: str, entry: Mapping[str, Any]) -> Connection:
    fields = {key: str(entry.get(key) or "") for key in ("url", "token", "provider", "function", "replaces")}
    try:
        return Connection(conn_id, former=parse_former(str(entry.get("previous") or "")), **fields)
    except ValueError as error:
        raise ConfigurationError(
            FILE, f"connections.{conn_id}.previous {error}", "Correct or remove it; it was left unchanged"
        ) from None


def _read(path: Path) -> dict[str, Any]:
    """Read the file's content; without links if there is no file yet. Raises: ConfigurationError."""
    try:
        content = json.loads(path.read_text("utf-8"))
    except FileNotFoundError:
        return {"connections": {}}
    except (OSError, ValueError, RecursionError) as error:
        reason = getattr(error, "strerror", None) or getattr(error, "msg", None) or "not UTF-8"
        raise ConfigurationError(
            path.name, f"cannot be read ({reason})", "Correct or remove it; it was left unchanged"
        ) from None
    connections = content.get("connections") if isinstance(content, dict) else None
    if not isinstance(connections, dict) or not all(isinstance(entry, Mapping) for entry in connections.values()):
        raise ConfigurationError(
            path.name, "has no object 'connections' of objects", "Correct or remove it; it was left unchanged"
        )
    return dict(content)


def _write(path: Path, content: Mapping[str, Any]) -> None:
    handle, temporary = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")  # mode 0600
    try:
        with os.fdopen(handle, "w", encoding="utf-8", errors="backslashreplace") as file:
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
