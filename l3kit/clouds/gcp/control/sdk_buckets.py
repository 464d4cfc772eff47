"""Cloud Storage buckets by the SDK, for a sandbox that is not deployed to by its control plane."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from l3kit.clouds.gcp.control.calls import BUCKETS_ROLE, explained, storage_client
from l3kit.clouds.ports.changes import Difference, differs
from l3kit.clouds.ports.resources import AlreadyThereError, Finding
from l3kit.twin.naming import LABEL_TWIN

if TYPE_CHECKING:
    from l3kit.clouds.gcp.session import GcpSession

UNIFORM, PREVENTION = "uniform access", "public access prevention"


@dataclass(frozen=True)
class Bucket:
    """One bucket; `storage_class` is the default class of its objects."""

    session: GcpSession = field(repr=False)
    name: str
    twin_name: str
    storage_class: str
    kind: str = "bucket"
    holds_data: bool = True

    def compare(self) -> Finding:
        with explained(f"bucket {self.name}", BUCKETS_ROLE):
            there = storage_client(self.session).lookup_bucket(self.name)
            if there is None:
                wanted = {"storage class": self.storage_class, UNIFORM: True, PREVENTION: "enforced"}
                return Finding.missing({**wanted, "location": self.session.region})
            return Finding.of(there.labels.get(LABEL_TWIN) == self.twin_name, self._differences(there))

    def create(self) -> None:
        from google.api_core.exceptions import Conflict

        with explained(f"bucket {self.name}", BUCKETS_ROLE):
            bucket = storage_client(self.session).bucket(self.name)
            self._set(bucket)
            bucket.labels = {LABEL_TWIN: self.twin_name, "l3kit-managed": "true"}
            try:
                bucket.create(location=self.session.region)
            except Conflict:
                raise AlreadyThereError(f"bucket {self.name}", "exists already") from None

    def update(self) -> None:
        with explained(f"bucket {self.name}", BUCKETS_ROLE):
            bucket = storage_client(self.session).get_bucket(self.name)
            self._set(bucket)
            bucket.patch()

    def delete(self) -> None:
        """Delete the bucket with all its objects."""
        from google.api_core.exceptions import NotFound

        with explained(f"bucket {self.name}", BUCKETS_ROLE):
            bucket = storage_client(self.session).bucket(self.name)
            try:
                for blob in bucket.list_blobs():
                    blob.delete()
                bucket.delete()
            except NotFound:
                return

    def _set(self, bucket: Any) -> None:
        bucket.storage_class = self.storage_class
        bucket.iam_configuration.uniform_bucket_level_access_enabled = True
        bucket.iam_configuration.public_access_prevention = "enforced"

    def _differences(self, there: Any) -> list[Difference]:
        found, access = [], there.iam_configuration
        if there.storage_class != self.storage_class:
            words = f"its storage class is {there.storage_class}, not {self.storage_class}"
            found.append(differs(words, "storage class", there.storage_class, self.storage_class))
        if not access.uniform_bucket_level_access_enabled:
            found.append(differs("uniform bucket-level access is off", UNIFORM, False, True))
        if access.public_access_prevention != "enforced":
            words = "public access prevention is off"
            found.append(differs(words, PREVENTION, access.public_access_prevention or "off", "enforced"))
        return found
