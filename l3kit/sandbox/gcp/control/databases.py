"""Firestore: the databases of the project."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from l3kit.sandbox.gcp.control.answers import conflicting, invalid, missing, taken, unfulfilled
from l3kit.sandbox.gcp.control.calls import Answer, Call, Method, Methods, changed, page
from l3kit.sandbox.gcp.control.effects import Effects
from l3kit.sandbox.gcp.control.operations import Operations
from l3kit.sandbox.gcp.control.project import Project

DEFAULT = "(default)"
LOCATIONS = frozenset(("nam5", "nam7", "eur3"))
"""Locations that are more than one region."""
_REGION = re.compile(r"[a-z]+-[a-z]+\d+")
_ID = re.compile(r"[a-z][a-z0-9-]{2,61}[a-z0-9]")
_UUID = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}")
_TYPE = "type.googleapis.com/google.firestore.admin.v1."
_EDITABLE = frozenset(("deleteProtectionState", "pointInTimeRecoveryEnablement", "concurrencyMode", "type"))
_DEFAULTS: Mapping[str, str] = {
    "type": "FIRESTORE_NATIVE",
    "concurrencyMode": "PESSIMISTIC",
    "pointInTimeRecoveryEnablement": "POINT_IN_TIME_RECOVERY_DISABLED",
    "appEngineIntegrationMode": "DISABLED",
    "deleteProtectionState": "DELETE_PROTECTION_DISABLED",
    "databaseEdition": "STANDARD",
}
RECOVERY_SECONDS = {"POINT_IN_TIME_RECOVERY_ENABLED": "604800s", "POINT_IN_TIME_RECOVERY_DISABLED": "3600s"}


@dataclass(slots=True)
class Database:
    """A database. `ready`: when its making ended, in seconds since 1970; None before."""

    name: str
    fields: dict[str, Any]
    etag: str
    ready: float | None = None


@dataclass(slots=True)
class Databases:
    """All of them, and when the ids of deleted ones were given up, in seconds since 1970.

    Attributes:
        at_end: called with the name of a database that is gone.
    """

    project: Project
    effects: Effects
    operations: Operations
    there: dict[str, Database] = field(default_factory=dict)
    at_end: list[Callable[[str], None]] = field(default_factory=list)
    _given_up: dict[str, float] = field(default_factory=dict)

    def methods(self) -> Methods:
        prefix = "firestore.projects.databases"
        return {
            f"{prefix}.create": Method(self._create, "datastore.databases.create"),
            f"{prefix}.get": Method(self._get, "datastore.databases.getMetadata"),
            f"{prefix}.list": Method(self._list, "datastore.databases.list"),
            f"{prefix}.patch": Method(self._patch, "datastore.databases.update"),
            f"{prefix}.delete": Method(self._delete, "datastore.databases.delete"),
            **self.operations.methods((f"{prefix}.operations", "datastore.operations")),
        }

    def find(self, name: str) -> Database:
        """Return a database that is ready. Raises: RefusedError."""
        own = self.project.own(name)
        database = self.there.get(own)
        if database is None or database.ready is None:
            one = own.rpartition("/")[2]
            raise missing(f"Project '{self.project.id}' or database '{one}' does not exist.")
        return database

    def begin(self, database: str, kind: str, metadata: Mapping[str, Any], finish: Any, target: str = "") -> Answer:
        """Begin an operation in a database, whose metadata is of this kind."""
        name = f"{database}/operations/{self.project.uuid()}"
        return self.operations.begin("firestore", name, target, {"@type": _TYPE + kind, **metadata}, finish)

    def _create(self, call: Call) -> Answer:
        one, given = call.query.get("databaseId", ""), call.body
        if one != DEFAULT and (not _ID.fullmatch(one) or _UUID.fullmatch(one)):
            raise invalid(
                f"Invalid database ID: {one}. It has 4 to 63 lower-case letters, digits and hyphens, begins with a "
                "letter, ends with a letter or digit, and is no UUID.",
                "database_id",
            )
        location = str(given.get("locationId") or "")
        if location not in LOCATIONS and not _REGION.fullmatch(location):
            raise invalid(f"Invalid location: {location!r}", "database.location_id")
        if not given.get("type"):
            raise invalid("The type of the database must be set.", "database.type")
        name = f"{self.project.name}/databases/{one}"
        if name in self.there:
            raise taken("Database already exists. Please use another database_id")
        rest = self._given_up.get(name, float("-inf")) + self.project.settings.resting_seconds - self.project.clock()
        if rest > 0:
            raise unfulfilled(
                f"Database ID '{one}' is not available in project '{self.project.id}'. Please retry in {int(rest) + 1} "
                "seconds."
            )
        self.project.check_quota("databases", len(self.there))
        fields = {**_DEFAULTS, **{key: value for key, value in given.items() if value}, "uid": self.project.uuid()}
        for told in ("name", "freeTier"):
            fields.pop(told, None)
        if not any(one.fields.get("freeTier") for one in self.there.values()):
            fields["freeTier"] = True  # the first database of a project
        fields["createTime"] = fields["updateTime"] = self.project.now()
        database = self.there[name] = Database(name, fields, self.project.etag())

        def finish(result: object) -> Mapping[str, Any]:
            database.ready = self.project.clock()
            self.effects.database_made(one)
            return {"@type": f"{_TYPE}Database", **self._shown(database)}

        return self.begin(name, "CreateDatabaseMetadata", {}, finish, name)

    def _get(self, call: Call) -> Answer:
        database = self.find(call.name)
        if self.project.clock() < (database.ready or 0.0) + self.project.settings.unread_seconds:
            raise missing(f"Project '{self.project.id}' or database '{call.name.rpartition('/')[2]}' does not exist.")
        return self._shown(database)

    def _list(self, call: Call) -> Answer:
        shown = [self._shown(one) for _, one in sorted(self.there.items()) if one.ready is not None]
        return page(call, shown, "databases")

    def _patch(self, call: Call) -> Answer:
        database = self.find(call.name)
        _check_etag(str(call.body.get("etag") or ""), database.etag)
        mask = call.mask()
        if not call.query.get("updateMask"):
            mask = tuple(path for path in mask if path not in ("name", "etag"))
        for path in mask:
            if path not in _EDITABLE and call.body.get(path) != database.fields.get(path):
                raise invalid(f"The field {path} of a database cannot be changed.", "update_mask")
        self._check_free(database)

        def finish(result: object) -> Mapping[str, Any]:
            database.fields = {
                **_DEFAULTS,
                **changed(database.fields, call.body, mask),
                "updateTime": self.project.now(),
            }
            database.etag = self.project.etag()
            return {"@type": f"{_TYPE}Database", **self._shown(database)}

        return self.begin(database.name, "UpdateDatabaseMetadata", {}, finish, database.name)

    def _delete(self, call: Call) -> Answer:
        database = self.find(call.name)
        _check_etag(call.query.get("etag", ""), database.etag)
        if database.fields["deleteProtectionState"] == "DELETE_PROTECTION_ENABLED":
            raise unfulfilled("Database has delete protection enabled. Disable it before the database is deleted.")
        self._check_free(database)

        def finish(result: object) -> Mapping[str, Any]:
            del self.there[database.name]
            self._given_up[database.name] = self.project.clock()
            one = database.name.rpartition("/")[2]
            self.effects.database_gone(one)
            for forget in self.at_end:
                forget(database.name)
            gone = {"name": f"{self.project.name}/databases/{database.fields['uid']}", "previousId": one}
            return {"@type": f"{_TYPE}Database", **self._shown(database), **gone, "deleteTime": self.project.now()}

        return self.begin(database.name, "DeleteDatabaseMetadata", {}, finish, database.name)

    def _check_free(self, database: Database) -> None:
        if self.operations.busy(database.name):
            raise conflicting(f"Another operation on {database.name} is running. Please retry later.")

    def _shown(self, database: Database) -> dict[str, Any]:
        kept = RECOVERY_SECONDS[str(database.fields["pointInTimeRecoveryEnablement"])]
        more = {"versionRetentionPeriod": kept, "earliestVersionTime": database.fields["createTime"]}
        return {"name": database.name, **database.fields, **more, "etag": database.etag}


def _check_etag(asked: str, there: str) -> None:
    if asked and asked.rstrip("=") != there.rstrip("="):
        raise conflicting("The etag of the database is not the one that was sent. Please read it again.")
