"""Cloud Storage buckets: one storage class, uniform access, no public access, no soft deletion, labels."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import quote

from l3kit.clouds.gcp.control.place import STORAGE, Place, already_there, labels, owner_in
from l3kit.clouds.gcp.control.refusals import explained, is_missing, is_taken, unless_missing
from l3kit.clouds.ports.control import Refusal
from l3kit.clouds.ports.resources import Finding
from l3kit.clouds.shared.drift import alike_in_any_case, drift
from l3kit.errors import PermissionMissingError, ProvisioningError

ROLE = "roles/storage.admin on the project"
STRANGE = "exists, but these credentials may not read it: it is somebody else's, or they lack storage.buckets.get"
EMPTYING_THREADS = 8
"""Objects of a bucket that are deleted at the same time."""
ROUNDS = 5
"""Times that a bucket is emptied in which something was written in the meantime."""
PAGE = "1000"
WORDS: Mapping[str, str] = {
    "storageClass": "storage class",
    "iamConfiguration.uniformBucketLevelAccess.enabled": "uniform access",
    "iamConfiguration.publicAccessPrevention": "public access prevention",
    "softDeletePolicy.retentionDurationSeconds": "seconds of soft deletion",
}


@dataclass(frozen=True)
class Bucket:
    """One bucket; `storage_class` is the default class of its objects.

    Soft deletion is off: chunks that move on would be paid for in two tiers.
    """

    place: Place
    name: str
    twin_name: str
    storage_class: str
    kind: str = field(default="bucket", init=False)
    holds_data: bool = field(default=True, init=False)

    def compare(self) -> Finding:
        with explained(f"bucket {self.name}", ROLE):
            there = self._read()
        if there is None:
            wanted = {"storage class": self.storage_class, "uniform access": True, "public access": "prevented"}
            return Finding.missing({**wanted, "location": self.place.region})
        found = drift(self._wanted(), there, words=WORDS)
        return Finding.of(owner_in(there.get("labels")) == self.twin_name, found, fault=self._fault(there))

    def create(self) -> None:
        body = {"name": self.name, "location": self.place.region, "labels": labels(self.twin_name), **self._wanted()}
        with explained(f"bucket {self.name}", ROLE):
            try:
                self.place.control.post(STORAGE, "storage/v1/b", body, {"project": self.place.project})
            except Refusal as refusal:
                if is_taken(refusal):
                    raise already_there(self.place, f"bucket {self.name}", self._is_there) from None
                raise

    def update(self) -> None:
        with explained(f"bucket {self.name}", ROLE):
            self.place.control.patch(STORAGE, self._path, self._wanted())

    def delete(self) -> None:
        """Delete the bucket with all its objects, all their generations."""
        with explained(f"bucket {self.name}", ROLE):
            for _ in range(ROUNDS):
                try:
                    self._empty()
                    self.place.control.delete(STORAGE, self._path)
                except Refusal as refusal:
                    if is_missing(refusal):
                        return
                    if refusal.status != 409:
                        raise
                else:
                    return
            cause, remedy = "is written to while it is emptied", "End what writes to it, then destroy again"
            raise ProvisioningError(f"bucket {self.name}", cause, remedy)

    def _empty(self) -> None:
        with ThreadPoolExecutor(EMPTYING_THREADS, thread_name_prefix="empty-bucket") as threads:
            for page in self._objects():
                for _ in threads.map(self._delete_object, page):
                    pass

    def _objects(self) -> Iterator[list[Mapping[str, Any]]]:
        query = {"versions": "true", "fields": "items(name,generation),nextPageToken", "maxResults": PAGE}
        while True:
            page = self.place.control.get(STORAGE, f"{self._path}/o", query)
            yield list(page.get("items", ()))
            if not page.get("nextPageToken"):
                return
            query = {**query, "pageToken": str(page["nextPageToken"])}

    def _delete_object(self, one: Mapping[str, Any]) -> None:
        path = f"{self._path}/o/{quote(str(one['name']), safe='')}"
        unless_missing(lambda: self.place.control.delete(STORAGE, path, {"generation": str(one["generation"])}))

    def _is_there(self) -> bool:
        return self._read() is not None

    def _read(self) -> dict[str, Any] | None:
        try:
            return unless_missing(lambda: self.place.control.get(STORAGE, self._path))
        except Refusal as refusal:
            if refusal.status != 403:
                raise
            remedy = f"Rename the twin, or grant whoever runs this the role {ROLE}"
            raise PermissionMissingError(f"bucket {self.name}", STRANGE, remedy) from None

    def _wanted(self) -> dict[str, Any]:
        access = {"uniformBucketLevelAccess": {"enabled": True}, "publicAccessPrevention": "enforced"}
        return {
            "storageClass": self.storage_class,
            "iamConfiguration": access,
            "softDeletePolicy": {"retentionDurationSeconds": "0"},
        }

    def _fault(self, there: Mapping[str, Any]) -> ProvisioningError | None:
        if alike_in_any_case(self.place.region, there.get("location")):
            return None
        cause = f"it is in {there.get('location')}, not in {self.place.region}, which cannot be changed"
        return ProvisioningError(f"bucket {self.name}", cause, "Use the former region, or destroy it with its data")

    @property
    def _path(self) -> str:
        return f"storage/v1/b/{quote(self.name, safe='')}"
