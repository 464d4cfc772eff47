"""Toybox's journal: a table of records, changed by one conditional statement."""

from __future__ import annotations

import base64
import json
from pathlib import Path
from typing import Any

from l3kit.tiering.ports import JournalRow, Usage
from tests.toy_cloud.database import Database

SCHEMA = "CREATE TABLE IF NOT EXISTS records (name TEXT PRIMARY KEY, version INTEGER, attributes TEXT) WITHOUT ROWID"


class ToyJournalStore:
    """The port `JournalStore`."""

    def __init__(self, folder: Path) -> None:
        self.usage = Usage()
        self._database = Database(folder, SCHEMA)

    async def load(self, name: str) -> JournalRow | None:
        self.usage.count("get")
        found = self._database.rows("SELECT version, attributes FROM records WHERE name = ?", name)
        return JournalRow(found[0][0], json.loads(found[0][1], object_hook=_unpacked)) if found else None

    async def swap(self, name: str, row: JournalRow) -> bool:
        self.usage.count("put")
        content = json.dumps(dict(row.attributes), default=lambda value: {"base64": base64.b64encode(value).decode()})
        if row.version == 1:
            return self._database.change("INSERT OR IGNORE INTO records VALUES (?, 1, ?)", name, content) == 1
        statement = "UPDATE records SET version = ?, attributes = ? WHERE name = ? AND version = ?"
        return self._database.change(statement, row.version, content, name, row.version - 1) == 1

    async def remove(self, name: str, version: int) -> bool:
        self.usage.count("delete")
        self._database.change("DELETE FROM records WHERE name = ? AND version = ?", name, version)
        return await self.load(name) is None

    async def names(self, prefix: str = "") -> list[str]:
        self.usage.count("scan")
        found = self._database.rows("SELECT name FROM records ORDER BY name")
        return [name for (name,) in found if name.startswith(prefix)]

    async def close(self) -> None:
        self._database.close()


def _unpacked(content: dict[str, Any]) -> Any:
    return base64.b64decode(content["base64"]) if set(content) == {"base64"} else content
