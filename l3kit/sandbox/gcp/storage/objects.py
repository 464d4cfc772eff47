"""An object: name, editable fields and JSON resource. No I/O."""

from __future__ import annotations

import base64
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from urllib.parse import quote

from l3kit.sandbox.gcp.storage.answers import invalid, not_served, required
from l3kit.sandbox.gcp.storage.bodies import Body

STORAGE_CLASSES = frozenset(
    {"STANDARD", "NEARLINE", "COLDLINE", "ARCHIVE", "MULTI_REGIONAL", "REGIONAL", "DURABLE_REDUCED_AVAILABILITY"}
)
MAX_NAME_BYTES = 1024
MAX_METADATA_BYTES = 8 * 1024
EDITABLE_TEXTS = ("cacheControl", "contentDisposition", "contentEncoding", "contentLanguage", "contentType")
EDITABLE = frozenset({*EDITABLE_TEXTS, "metadata", "customTime"})
_NOT_SERVED = ("temporaryHold", "eventBasedHold", "retention", "acl", "kmsKeyName", "customerEncryption", "contexts")
_NAME_FORBIDDEN = re.compile(r"[\r\n]")

Fields = Mapping[str, Any]


@dataclass(frozen=True)
class StoredObject:
    """A live object.

    Attributes:
        fields: the editable ones that are set.
        created: seconds since the epoch.
    """

    bucket: str
    name: str
    generation: int
    storage_class: str
    fields: Fields
    body: Body
    created: float

    @property
    def etag(self) -> str:
        return version_tag(self.generation)

    def resource(self, base: str) -> dict[str, Any]:
        """The object's API resource; links begin with `base`."""
        path = f"b/{self.bucket}/o/{quote(self.name, safe='')}"
        return {
            "kind": "storage#object",
            "id": f"{self.bucket}/{self.name}/{self.generation}",
            "selfLink": f"{base}/storage/v1/{path}",
            "mediaLink": f"{base}/download/storage/v1/{path}?generation={self.generation}&alt=media",
            "name": self.name,
            "bucket": self.bucket,
            "generation": str(self.generation),
            "metageneration": "1",
            "storageClass": self.storage_class,
            "size": str(self.body.size),
            "crc32c": self.body.crc32c,
            "md5Hash": self.body.md5,
            "etag": self.etag,
            "timeCreated": time_text(self.created),
            "updated": time_text(self.created),
            "timeStorageClassUpdated": time_text(self.created),
            "timeFinalized": time_text(self.created),
            **self.fields,
        }


@dataclass(frozen=True)
class SoftDeleted:
    """An object that was deleted and is kept for a while. `deleted`, `until`: seconds since the epoch."""

    stored: StoredObject
    deleted: float
    until: float

    def resource(self, base: str) -> dict[str, Any]:
        """The object's API resource with the times."""
        times = {"softDeleteTime": time_text(self.deleted), "hardDeleteTime": time_text(self.until)}
        return {**self.stored.resource(base), **times}


def checked_name(name: object) -> str:
    """Validate an object name. Raises: Refusal."""
    if not name:
        raise required("name")
    if not isinstance(name, str):
        raise invalid("An object's name is text", "name")
    if name in (".", "..") or _NAME_FORBIDDEN.search(name) or name.startswith(".well-known/acme-challenge/"):
        raise invalid(f"Disallowed unicode characters present in object name {name!r}", "name")
    if len(name.encode()) > MAX_NAME_BYTES:
        raise invalid(f"The maximum object length is {MAX_NAME_BYTES} characters, but got a name with more", "name")
    return name


def checked_class(storage_class: object) -> str:
    if storage_class not in STORAGE_CLASSES:
        raise invalid(f"Invalid storage class {storage_class!r}", "storageClass")
    return str(storage_class)


def checked_fields(content: Fields) -> dict[str, Any]:
    """Validate a resource's editable fields; fields that the service sets itself are ignored.

    Raises: Refusal.
    """
    for name in _NOT_SERVED:
        if content.get(name):
            raise not_served(f"an object's {name}")
    fields = {name: content[name] for name in EDITABLE if content.get(name) is not None}
    for name in (*EDITABLE_TEXTS, "customTime"):
        if not isinstance(fields.get(name, ""), str):
            raise invalid(f"Invalid value at {name}", name)
    fields = {name: value for name, value in fields.items() if value != ""}
    if "customTime" in fields:
        _check_time(fields["customTime"])
    if "metadata" in fields:
        fields["metadata"] = _checked_metadata(fields["metadata"])
    return {name: value for name, value in fields.items() if value != {}}


def version_tag(generation: int, metageneration: int = 1) -> str:
    """An opaque entity tag that changes with either number."""
    return base64.b64encode(f"{generation:x}.{metageneration:x}".encode()).decode()


def time_text(seconds: float) -> str:
    return datetime.fromtimestamp(seconds, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def _checked_metadata(metadata: object) -> dict[str, str]:
    if not isinstance(metadata, Mapping):
        raise invalid("Invalid value at metadata", "metadata")
    entries = {name: text for name, text in metadata.items() if text is not None}
    if not all(isinstance(text, str) for text in entries.values()):
        raise invalid("Invalid value at metadata: a value is not text", "metadata")
    if sum(len(name.encode()) + len(text.encode()) for name, text in entries.items()) > MAX_METADATA_BYTES:
        raise invalid(f"The metadata is longer than {MAX_METADATA_BYTES} bytes", "metadata")
    return entries


def _check_time(text: str) -> None:
    try:
        datetime.fromisoformat(text)
    except ValueError:
        raise invalid(f"Invalid value at customTime: {text!r}", "customTime") from None
