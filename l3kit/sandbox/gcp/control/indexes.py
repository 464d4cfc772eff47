"""Firestore: composite indexes, and what is said of single fields: index exemptions and time to live."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from l3kit.sandbox.gcp.control.answers import invalid, missing, taken, unfulfilled
from l3kit.sandbox.gcp.control.calls import Answer, Call, Method, Methods, page
from l3kit.sandbox.gcp.control.databases import Databases
from l3kit.sandbox.gcp.control.project import Project

MAX_COMPOSITE = 1000
ALL_FIELDS = "*"


@dataclass(slots=True)
class Indexes:
    """Indexes by name, and fields by name whose settings are their own."""

    project: Project
    databases: Databases
    _indexes: dict[str, dict[str, Any]] = field(default_factory=dict)
    _fields: dict[str, dict[str, Any]] = field(default_factory=dict)

    def methods(self) -> Methods:
        prefix = "firestore.projects.databases.collectionGroups"
        return {
            f"{prefix}.indexes.create": Method(self._create, "datastore.indexes.create"),
            f"{prefix}.indexes.get": Method(self._get, "datastore.indexes.get"),
            f"{prefix}.indexes.list": Method(self._list, "datastore.indexes.list"),
            f"{prefix}.indexes.delete": Method(self._delete, "datastore.indexes.delete"),
            f"{prefix}.fields.get": Method(self._get_field, "datastore.indexes.get"),
            f"{prefix}.fields.list": Method(self._list_fields, "datastore.indexes.list"),
            f"{prefix}.fields.patch": Method(self._patch_field, "datastore.indexes.update"),
        }

    def drop(self, database: str) -> None:
        """Forget all of a deleted database."""
        for kept in (self._indexes, self._fields):
            for name in [name for name in kept if name.startswith(f"{database}/")]:
                del kept[name]

    def _create(self, call: Call) -> Answer:
        group = self.project.own(call.name)
        database = self._database(group)
        given = list(call.body.get("fields") or ())
        scope = str(call.body.get("queryScope") or "COLLECTION")
        lone = given[0].get("fieldPath") if len(given) == 1 else "" if given else "nothing"
        if lone not in ("", "__name__"):
            raise invalid("No index is needed for a single field: use single-field index settings.", "index.fields")
        if given[-1].get("fieldPath") != "__name__":
            given.append({"fieldPath": "__name__", "order": given[-1].get("order") or "ASCENDING"})
        content = {"queryScope": scope, "fields": given, "density": "SPARSE_ALL"}
        mine = [(name, one) for name, one in self._indexes.items() if name.startswith(f"{database}/")]
        same = [one for name, one in mine if name.startswith(f"{group}/") and one["fields"] == given]
        if any(one["queryScope"] == scope for one in same):
            raise taken("index already exists")
        if len(mine) >= MAX_COMPOSITE:
            raise unfulfilled(f"The database has {MAX_COMPOSITE} composite indexes, the most that are allowed.")
        name = f"{group}/indexes/{self.project.etag().translate(str.maketrans('+/', 'ab')).rstrip('=')}"
        index = self._indexes[name] = {"name": name, **content, "state": "CREATING"}
        metadata = {"startTime": self.project.now(), "index": name, "state": "INITIALIZING"}

        def finish(result: object) -> Mapping[str, Any]:
            index["state"] = "READY"
            return {"@type": "type.googleapis.com/google.firestore.admin.v1.Index", **index}

        return self.databases.begin(database, "IndexOperationMetadata", metadata, finish, name)

    def _get(self, call: Call) -> Answer:
        name = self.project.own(call.name)
        if name not in self._indexes:
            raise missing(f"No index {name} was found.")
        return self._indexes[name]

    def _list(self, call: Call) -> Answer:
        group = self.project.own(call.name)
        self._database(group)
        start = group.removesuffix("-") if group.endswith("/collectionGroups/-") else f"{group}/"
        return page(call, [one for name, one in sorted(self._indexes.items()) if name.startswith(start)], "indexes")

    def _delete(self, call: Call) -> Answer:
        name = self.project.own(call.name)
        if self._indexes.pop(name, None) is None:
            raise missing(f"No index {name} was found.")
        return {}

    def _get_field(self, call: Call) -> Answer:
        name = self.project.own(call.name)
        self._database(name)
        return self._field(name)

    def _list_fields(self, call: Call) -> Answer:
        group = self.project.own(call.name)
        self._database(group)
        start = group.removesuffix("-") if group.endswith("/collectionGroups/-") else f"{group}/"
        asked = call.query.get("filter", "")
        if not asked:
            raise invalid("A filter is required: indexConfig.usesAncestorConfig:false or ttlConfig:*", "filter")
        found = [self._field(name) for name in sorted(self._fields) if name.startswith(start)]
        if "ttlConfig" in asked:
            shown = [one for one in found if "ttlConfig" in one]
        else:
            shown = [one for one in found if not one.get("indexConfig", {}).get("usesAncestorConfig")]
        return page(call, shown, "fields")

    def _patch_field(self, call: Call) -> Answer:
        name = self.project.own(call.name)
        database = self._database(name)
        mask = call.mask()
        metadata = {"startTime": self.project.now(), "field": name, "state": "INITIALIZING"}
        group, _, path = name.partition("/collectionGroups/")[2].partition("/fields/")
        if "ttlConfig" in mask and path == ALL_FIELDS and call.body.get("ttlConfig") is not None:
            raise invalid(f"TTL cannot be set on all fields of {group}.", "field.ttl_config")

        def finish(result: object) -> Mapping[str, Any]:
            content = self._fields.setdefault(name, {})
            if "indexConfig" in mask:
                _replace(content, "indexConfig", _own_indexes(call.body.get("indexConfig")))
            if "ttlConfig" in mask:
                asked = call.body.get("ttlConfig")
                _replace(content, "ttlConfig", None if asked is None else {"state": "ACTIVE"})
            if not content:
                del self._fields[name]
            return {"@type": "type.googleapis.com/google.firestore.admin.v1.Field", **self._field(name)}

        return self.databases.begin(database, "FieldOperationMetadata", metadata, finish, name)

    def _field(self, name: str) -> dict[str, Any]:
        content = self._fields.get(name, {})
        if "indexConfig" in content:
            return {"name": name, **content}
        ancestor = f"{name.partition('/collectionGroups/')[0]}/collectionGroups/__default__/fields/*"
        path = name.rpartition("/fields/")[2]
        inherited = {"usesAncestorConfig": True, "ancestorField": ancestor, "indexes": _default_indexes(path)}
        return {"name": name, "indexConfig": inherited, **content}

    def _database(self, name: str) -> str:
        """Return the name of the existing database that something is in. Raises: RefusedError."""
        return self.databases.find(name.partition("/collectionGroups/")[0]).name


def _replace(content: dict[str, Any], name: str, value: Mapping[str, Any] | None) -> None:
    if value is None:
        content.pop(name, None)
    else:
        content[name] = value


def _own_indexes(given: Mapping[str, Any] | None) -> Mapping[str, Any] | None:
    """Return a field's own indexes; None if it has the default ones again."""
    if given is None:
        return None
    ready = [
        {**one, "queryScope": one.get("queryScope", "COLLECTION"), "state": "READY"}
        for one in given.get("indexes") or ()
    ]
    return {"indexes": ready} if ready else {}


def _default_indexes(path: str) -> list[dict[str, Any]]:
    kinds = ({"order": "ASCENDING"}, {"order": "DESCENDING"}, {"arrayConfig": "CONTAINS"})
    return [{"queryScope": "COLLECTION", "fields": [{"fieldPath": path, **kind}], "state": "READY"} for kind in kinds]
