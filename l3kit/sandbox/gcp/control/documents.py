"""Firestore: single documents by the REST API, as far as a program that has no Firestore client needs them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from l3kit.sandbox.gcp.control.answers import RefusedError, missing, taken
from l3kit.sandbox.gcp.control.calls import Answer, Call, Method, Methods
from l3kit.sandbox.gcp.control.databases import Databases
from l3kit.sandbox.gcp.control.effects import Effects
from l3kit.sandbox.gcp.control.project import Project

NEW_ONLY = "The l3kit sandbox's control plane writes only new documents: currentDocument.exists=false"


@dataclass(frozen=True, slots=True)
class Documents:
    """Shows them, makes new ones, and lists the collections of a database."""

    project: Project
    effects: Effects
    databases: Databases

    def methods(self) -> Methods:
        prefix = "firestore.projects.databases.documents"
        return {
            f"{prefix}.get": Method(self._get, "datastore.entities.get", _database),
            f"{prefix}.listCollectionIds": Method(self._collections, "datastore.entities.list", _database),
            f"{prefix}.patch": Method(self._patch, "datastore.entities.create", _database),
        }

    def _get(self, call: Call) -> Answer:
        return self._there(self._name(call))

    def _patch(self, call: Call) -> Answer:
        name = self._name(call)
        if call.query.get("currentDocument.exists") != "false" or call.query.get("updateMask.fieldPaths"):
            raise RefusedError("UNIMPLEMENTED", NEW_ONLY)
        if self.effects.document(name) is not None:
            raise taken(f"Document already exists: {name}")
        self.effects.document_set(name, call.body.get("fields") or {})
        return self._there(name)

    def _collections(self, call: Call) -> Answer:
        name = self._name(call)
        if not name.endswith("/documents"):
            raise RefusedError("UNIMPLEMENTED", "The l3kit sandbox's control plane lists collections of the root only")
        found = self.effects.collections(name.removesuffix("/documents"))
        size = int(call.body.get("pageSize") or len(found))
        return {"collectionIds": list(found[:size])} if found else {}

    def _there(self, name: str) -> Mapping[str, Any]:
        found = self.effects.document(name)
        if found is None:
            raise missing(f'Document "{name}" not found.')
        return found

    def _name(self, call: Call) -> str:
        """Return the full name in a database that is ready. Raises: RefusedError."""
        self.databases.find(_database(call))
        return self.project.own(call.name)


def _database(call: Call) -> str:
    return "/".join(call.name.split("/")[:4])
