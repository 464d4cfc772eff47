"""A bucket: name, writable fields, JSON resource and live objects. No I/O."""

from __future__ import annotations

import re
import zlib
from bisect import bisect_left, insort
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from l3kit.sandbox.gcp.storage.answers import Refusal, invalid, not_served, required
from l3kit.sandbox.gcp.storage.objects import SoftDeleted, StoredObject, checked_class, time_text, version_tag

_NAME = re.compile(r"[a-z0-9](?:[a-z0-9_.-]*[a-z0-9])?")
_LABEL = re.compile(r"[\w-]{0,63}")
_WRITABLE = frozenset({"storageClass", "labels", "iamConfiguration", "lifecycle", "versioning", "softDeletePolicy"})
_NOT_SERVED = (
    "retentionPolicy",
    "defaultEventBasedHold",
    "encryption",
    "autoclass",
    "website",
    "cors",
    "logging",
    "billing",
    "hierarchicalNamespace",
    "objectRetention",
    "ipFilter",
    "acl",
    "defaultObjectAcl",
    "customPlacementConfig",
)


REVERSIBLE_DAYS = 90
"""Days after which uniform access cannot be turned off (Cloud Storage, "Uniform bucket-level access")."""
KEPT_DAYS = 7
"""Days for which a bucket keeps deleted objects unless it is made with another policy."""


@dataclass
class Bucket:
    """A bucket and its live objects by name; `names` is in listing order.

    Attributes:
        fields: the writable ones.
        created, updated: seconds since the epoch.
        kept_since, uniform_since: when soft delete and uniform access were last turned on after its making.
    """

    name: str
    project: str
    location: str
    generation: int
    fields: Mapping[str, Any]
    created: float
    updated: float
    metageneration: int = 1
    objects: dict[str, StoredObject] = field(default_factory=dict)
    names: list[str] = field(default_factory=list)
    soft_deleted: list[SoftDeleted] = field(default_factory=list)
    kept_since: float = 0.0
    uniform_since: float = 0.0

    def change(self, fields: Mapping[str, Any], now: float) -> None:
        """Replace the writable fields."""
        kept, uniform = self.kept_seconds, self.is_uniform
        self.fields = fields
        self.metageneration += 1
        self.updated = max(now, self.updated)
        if self.kept_seconds > kept:
            self.kept_since = self.updated
        if self.is_uniform and not uniform:
            self.uniform_since = self.updated

    @property
    def is_uniform(self) -> bool:
        """Return whether policies alone decide who may do what with its objects."""
        return bool(self.fields["iamConfiguration"]["uniformBucketLevelAccess"]["enabled"])

    @property
    def etag(self) -> str:
        return version_tag(self.generation, self.metageneration)

    @property
    def storage_class(self) -> str:
        return str(self.fields["storageClass"])

    @property
    def kept_seconds(self) -> float:
        """Seconds for which deleted and replaced objects are kept."""
        return float(self.fields["softDeletePolicy"]["retentionDurationSeconds"])

    def keep(self, stored: StoredObject, now: float) -> None:
        """Keep an object that was deleted or replaced, if the bucket's policy says so, without its content."""
        if self.kept_seconds:
            self.soft_deleted.append(SoftDeleted(stored, now, now + self.kept_seconds))

    def kept(self, now: float) -> list[SoftDeleted]:
        """The objects that are kept now, in listing order."""
        self.soft_deleted = [one for one in self.soft_deleted if one.until > now]
        return sorted(self.soft_deleted, key=lambda one: (one.stored.name, one.stored.generation))

    def put(self, stored: StoredObject) -> StoredObject | None:
        """Make this the live object of its name and return the replaced one."""
        replaced = self.objects.get(stored.name)
        if replaced is None:
            # The order by code point equals the order by UTF-8 bytes.
            insort(self.names, stored.name)
        self.objects[stored.name] = stored
        return replaced

    def take(self, name: str) -> StoredObject:
        """Remove the live object with this name."""
        del self.names[bisect_left(self.names, name)]
        return self.objects.pop(name)

    def live(self, name: str, generation: int | None = None) -> StoredObject:
        """The live object, with this generation if given. Raises: Refusal (404)."""
        found = self.objects.get(name)
        if found is None or (generation is not None and generation != found.generation):
            raise Refusal(404, "notFound", f"No such object: {self.name}/{name}")
        return found

    def resource(self, base: str) -> dict[str, Any]:
        """The bucket's API resource; links begin with `base`."""
        return {
            "kind": "storage#bucket",
            "id": self.name,
            "selfLink": f"{base}/storage/v1/b/{self.name}",
            "name": self.name,
            "projectNumber": str(zlib.crc32(self.project.encode())),
            "generation": str(self.generation),
            "metageneration": str(self.metageneration),
            "etag": self.etag,
            "location": self.location,
            **_location_facts(self.location),
            "timeCreated": time_text(self.created),
            "updated": time_text(self.updated),
            "rpo": "DEFAULT",
            **self.fields,
            "softDeletePolicy": {**self.fields["softDeletePolicy"], **self._keeping()},
            "iamConfiguration": {**self.fields["iamConfiguration"], **self._access_facts()},
        }

    def _keeping(self) -> dict[str, str]:
        """Return since when deleted objects are kept."""
        return {"effectiveTime": time_text(max(self.created, self.kept_since))} if self.kept_seconds else {}

    def _access_facts(self) -> dict[str, Any]:
        """Return uniform access with the time at which it can no longer be turned off."""
        if not self.is_uniform:
            return {}
        locked = max(self.created, self.uniform_since) + REVERSIBLE_DAYS * 86_400
        told = {"enabled": True, "lockedTime": time_text(locked)}
        return {"uniformBucketLevelAccess": told, "bucketPolicyOnly": told}


def _location_facts(location: str) -> dict[str, Any]:
    if location in ("US", "EU", "ASIA"):
        return {"locationType": "multi-region"}
    return {"locationType": "region", "satisfiesPZI": True}


def checked_bucket_name(name: object) -> str:
    """Validate a bucket name. Raises: Refusal."""
    if not name:
        raise required("name")
    if not isinstance(name, str) or not 3 <= len(name) <= 63 or not _NAME.fullmatch(name):
        raise invalid(f"Invalid bucket name: '{name}'", "name")
    if name.startswith("goog") or "google" in name or ".." in name:
        raise invalid(f"Invalid bucket name: '{name}'", "name")
    return name


def checked_bucket_fields(content: Mapping[str, Any]) -> dict[str, Any]:
    """Validate a resource's writable fields and add defaults. Raises: Refusal."""
    for name in _NOT_SERVED:
        if content.get(name):
            raise not_served(f"a bucket's {name}")
    if (content.get("versioning") or {}).get("enabled"):
        raise not_served("object versions")
    fields = {name: content[name] for name in _WRITABLE if content.get(name) not in (None, {})}
    fields["storageClass"] = checked_class(content.get("storageClass") or "STANDARD")
    if "labels" in fields:
        fields["labels"] = _checked_labels(fields["labels"])
    fields["iamConfiguration"] = _access(content.get("iamConfiguration") or {})
    seconds = (content.get("softDeletePolicy") or {}).get("retentionDurationSeconds", KEPT_DAYS * 86_400)
    fields["softDeletePolicy"] = {"retentionDurationSeconds": str(_checked_retention(seconds))}
    return fields


def _checked_retention(seconds: object) -> int:
    number = int(seconds) if str(seconds).isdecimal() else -1  # type: ignore[call-overload]
    if number and not KEPT_DAYS <= number / 86_400 <= 90:
        raise invalid("A soft delete retention is 0, or from 7 to 90 days", "softDeletePolicy")
    return number


def patched_bucket_fields(old: Mapping[str, Any], changes: Mapping[str, Any]) -> dict[str, Any]:
    """Apply a PATCH to `old`: null removes a field, objects are merged."""
    merged = dict(old)
    for name, value in changes.items():
        before = merged.get(name)
        if isinstance(value, Mapping) and isinstance(before, Mapping) and name in ("labels", "iamConfiguration"):
            value = {key: part for key, part in {**before, **value}.items() if part is not None}
        merged[name] = value
    return checked_bucket_fields(merged)


def _checked_labels(labels: object) -> dict[str, str]:
    if not isinstance(labels, Mapping) or len(labels) > 64:
        raise invalid("Invalid labels: at most 64 pairs of text", "labels")
    given = {name: text for name, text in labels.items() if text is not None}
    for name, text in given.items():
        fits = isinstance(text, str) and _LABEL.fullmatch(text) and text == text.lower()
        if not name or not _LABEL.fullmatch(name) or name != name.lower() or not name[0].isalpha() or not fits:
            raise invalid(f"Invalid label {name!r}: lower-case letters, digits, _ and -, at most 63", "labels")
    return given


def _access(given: Mapping[str, Any]) -> dict[str, Any]:
    uniform = bool((given.get("uniformBucketLevelAccess") or {}).get("enabled"))
    prevention = given.get("publicAccessPrevention") or "inherited"
    if prevention == "unspecified":
        prevention = "inherited"
    if prevention not in ("inherited", "enforced"):
        raise invalid(f"Invalid publicAccessPrevention {prevention!r}", "iamConfiguration.publicAccessPrevention")
    return {
        "uniformBucketLevelAccess": {"enabled": uniform},
        "bucketPolicyOnly": {"enabled": uniform},
        "publicAccessPrevention": prevention,
    }
