"""One store's SQLite file, which several processes use at once."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from l3kit.errors import StoreError

WAIT_SECONDS = 30


class Database:
    """A connection, opened when it is first used.

    Args:
        folder: of the store; a store without a folder has not been deployed.
        schema: makes the tables of a new file.
    """

    def __init__(self, folder: Path, schema: str) -> None:
        self.folder = folder
        self._schema = schema
        self._connection: sqlite3.Connection | None = None

    def rows(self, query: str, *values: Any) -> list[Any]:
        """Return all rows of a query."""
        with self._told():
            return self._opened().execute(query, values).fetchall()

    def change(self, statement: str, *values: Any) -> int:
        """Run one statement. Returns: the number of rows that it changed."""
        with self._told():
            return self._opened().execute(statement, values).rowcount

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """Let the changes of the block take effect together or, if it raises, not at all."""
        self.change("BEGIN IMMEDIATE")
        try:
            yield
        except BaseException:
            self.change("ROLLBACK")
            raise
        self.change("COMMIT")

    def close(self) -> None:
        if self._connection is not None:
            self._connection.close()
            self._connection = None

    def _opened(self) -> sqlite3.Connection:
        if self._connection is None:
            if not self.folder.is_dir():
                raise StoreError(self.folder.name, "does not exist", "Deploy the twin")
            made = sqlite3.connect(self.folder / "store.sqlite", timeout=WAIT_SECONDS, isolation_level=None)
            made.executescript(f"PRAGMA journal_mode = WAL; PRAGMA synchronous = OFF; {self._schema}")
            self._connection = made
        return self._connection

    @contextmanager
    def _told(self) -> Iterator[None]:
        try:
            yield
        except sqlite3.Error as error:
            raise StoreError(self.folder.name, f"failed ({error})", "Try again") from None
