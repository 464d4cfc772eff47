"""Cloud Storage: the objects of buckets as far as a bucket is emptied; their contents are served where the data is."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from l3kit.sandbox.gcp.control.answers import STORAGE, ControlAnswer, RefusedError
from l3kit.sandbox.gcp.control.buckets import Buckets
from l3kit.sandbox.gcp.control.calls import Answer, Call, Method, Methods, page
from l3kit.sandbox.gcp.control.effects import Effects
from l3kit.sandbox.gcp.control.iam import BUCKETS
from l3kit.sandbox.gcp.storage.buckets import Bucket
from l3kit.sandbox.gcp.storage.objects import StoredObject


@dataclass(frozen=True, slots=True)
class Objects:
    """Lists, shows and deletes them."""

    effects: Effects
    buckets: Buckets

    def methods(self) -> Methods:
        prefix = "storage.objects"
        return {
            f"{prefix}.list": Method(self._list, f"{prefix}.list", self._bucket),
            f"{prefix}.get": Method(self._get, f"{prefix}.get", self._object),
            f"{prefix}.delete": Method(self._delete, f"{prefix}.delete", self._object),
        }

    def _list(self, call: Call) -> Answer:
        bucket, prefix = self.buckets.there(call), call.query.get("prefix", "")
        if call.query.get("delimiter"):
            raise RefusedError("UNIMPLEMENTED", "The l3kit sandbox's control plane lists objects without a delimiter")
        found = [self._shown(bucket.objects[name], call) for name in bucket.names if name.startswith(prefix)]
        return {"kind": "storage#objects", **page(call, found, "items", 1000)}

    def _get(self, call: Call) -> Answer:
        if call.query.get("alt") == "media":
            raise RefusedError("UNIMPLEMENTED", "The l3kit sandbox serves contents at its address of Cloud Storage")
        return self._shown(self._there(call), call)

    def _delete(self, call: Call) -> Answer:
        self.effects.store.remove(self._there(call))
        return ControlAnswer(204, {})

    def _there(self, call: Call) -> StoredObject:
        bucket: Bucket = self.buckets.there(call)
        found = bucket.objects.get(call.parameters["object"])
        asked = call.query.get("generation")
        if found is None or (asked is not None and int(asked) != found.generation):
            raise RefusedError("NOT_FOUND", f"No such object: {bucket.name}/{call.parameters['object']}")
        return found

    def _bucket(self, call: Call) -> str:
        return BUCKETS + self.buckets.there(call).name

    def _object(self, call: Call) -> str:
        return f"{self._bucket(call)}/objects/{call.parameters['object']}"

    def _shown(self, stored: StoredObject, call: Call) -> dict[str, Any]:
        return stored.resource(f"{call.base}/{STORAGE}")
