"""Cloud Storage: the buckets of the project and their policies; objects are served where the data is."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from l3kit.sandbox.gcp.control.answers import CODES, STORAGE, ControlAnswer, RefusedError
from l3kit.sandbox.gcp.control.bindings import CONDITIONAL, PUBLIC, public_access_prevented
from l3kit.sandbox.gcp.control.calls import Answer, Call, Method, Methods, page
from l3kit.sandbox.gcp.control.effects import Effects
from l3kit.sandbox.gcp.control.iam import BUCKETS, Bindings, Policies
from l3kit.sandbox.gcp.control.project import Project
from l3kit.sandbox.gcp.storage.answers import Refusal
from l3kit.sandbox.gcp.storage.buckets import (
    Bucket,
    checked_bucket_fields,
    checked_bucket_name,
    patched_bucket_fields,
)

SHARED = "The requested bucket name is not available. The bucket namespace is shared by all users of the system."
OWNED = "Your previous request to create the named bucket succeeded and you already own it."
_FIXED = ("name", "location", "projectNumber", "timeCreated", "id", "kind", "selfLink", "locationType", "generation")


@dataclass(slots=True)
class Buckets:
    """Makes, shows, changes and deletes them."""

    project: Project
    effects: Effects
    policies: Policies

    def methods(self) -> Methods:
        prefix = "storage.buckets"
        return {
            f"{prefix}.insert": Method(self._insert, f"{prefix}.create", lambda call: self.project.name),
            f"{prefix}.list": Method(self._list, f"{prefix}.list", self._listed),
            f"{prefix}.get": Method(self._get, f"{prefix}.get", self._resource),
            f"{prefix}.patch": Method(self._patch, f"{prefix}.update", self._resource),
            f"{prefix}.delete": Method(self._delete, f"{prefix}.delete", self._resource),
            f"{prefix}.getIamPolicy": Method(self._get_policy, f"{prefix}.getIamPolicy", self._resource),
            f"{prefix}.setIamPolicy": Method(self._set_policy, f"{prefix}.setIamPolicy", self._resource),
            f"{prefix}.testIamPermissions": Method(self._test, "", self._resource),
        }

    def make(self, name: str, location: str, given: Mapping[str, Any]) -> Bucket:
        """Make a bucket with its first policy. Raises: RefusedError."""
        with storage_refusals():
            checked_bucket_name(name)
            fields = checked_bucket_fields(given)
        self._check_name(name)
        self._check_organization(fields)
        now = self.project.clock()
        generation = self.effects.store.next_generation()
        bucket = Bucket(name, self.project.id, location.upper(), generation, fields, now, now)
        self.effects.bucket_made(bucket)
        self.policies.begin(BUCKETS + name, _first_bindings(bucket))
        return bucket

    def first_bindings(self, resource: str) -> Bindings | None:
        """Return the first bindings of a bucket, given by its full name; None if it is not there."""
        bucket = self.effects.store.buckets.get(resource.removeprefix(BUCKETS))
        return _first_bindings(bucket) if bucket is not None and resource == BUCKETS + bucket.name else None

    def _check_name(self, name: str) -> None:
        taken = self.effects.store.buckets.get(name)
        if taken is not None and taken.project == self.project.id:
            raise RefusedError("ALREADY_EXISTS", OWNED)
        if taken is not None or name in self.project.settings.taken_buckets:
            raise RefusedError("ALREADY_EXISTS", f"{SHARED} Please select a different name and try again.")

    def _check_organization(self, fields: Mapping[str, Any]) -> None:
        least = self.project.settings.organization.soft_delete_seconds
        if float(fields["softDeletePolicy"]["retentionDurationSeconds"]) < least:
            message = "Request violates constraint 'constraints/storage.softDeletePolicySeconds'"
            raise RefusedError("FAILED_PRECONDITION", message, status=412)

    def _insert(self, call: Call) -> Answer:
        given = {name: value for name, value in call.body.items() if name not in ("name", "location")}
        if not self.project.settings.billing:
            raise RefusedError(
                "PERMISSION_DENIED",
                "The billing account for the owning project is disabled in state absent",
                reason="accountDisabled",
            )
        if self.project.own(f"projects/{call.query.get('project', '')}") != self.project.name:
            raise RefusedError("INVALID_ARGUMENT", f"Unknown project id: {call.query.get('project', '')}")
        self.project.check_quota("buckets", len(self._own()))
        bucket = self.make(str(call.body.get("name") or ""), str(call.body.get("location") or "US"), given)
        return self._shown(bucket, call)

    def _list(self, call: Call) -> Answer:
        prefix = call.query.get("prefix", "")
        shown = [self._shown(one, call) for one in self._own() if one.name.startswith(prefix)]
        return {"kind": "storage#buckets", **page(call, shown, "items", 1000)}

    def _get(self, call: Call) -> Answer:
        return self._shown(self.there(call), call)

    def _patch(self, call: Call) -> Answer:
        bucket = self.there(call)
        _check_metageneration(call, bucket)
        changes = {name: value for name, value in call.body.items() if name not in _FIXED and name != "etag"}
        location = str(call.body.get("location") or bucket.location).upper()
        if location != bucket.location:
            raise RefusedError("INVALID_ARGUMENT", "The location of a bucket cannot be changed.")
        with storage_refusals():
            fields = patched_bucket_fields(bucket.fields, changes)
        self._check_organization(fields)
        bucket.change(fields, self.project.clock())
        return self._shown(bucket, call)

    def _delete(self, call: Call) -> Answer:
        bucket = self.there(call)
        _check_metageneration(call, bucket)
        if bucket.objects:
            raise RefusedError("ABORTED", "The bucket you tried to delete is not empty.")
        self.effects.bucket_gone(bucket.name)
        self.policies.drop(BUCKETS + bucket.name)
        return ControlAnswer(204, {})

    def _get_policy(self, call: Call) -> Answer:
        version = int(call.query.get("optionsRequestedPolicyVersion") or 1)
        return self._policy(call, version)

    def _set_policy(self, call: Call) -> Answer:
        bucket = self.there(call)
        members = {str(one) for given in call.body.get("bindings") or () for one in given.get("members") or ()}
        if members & PUBLIC and bucket.fields["iamConfiguration"]["publicAccessPrevention"] == "enforced":
            raise public_access_prevented()
        try:
            self.policies.set(BUCKETS + bucket.name, call.body, bucket=True)
        except RefusedError as refusal:
            if refusal.code in ("ABORTED", "FAILED_PRECONDITION"):
                raise RefusedError("FAILED_PRECONDITION", refusal.message, status=412) from None
            raise
        bucket.metageneration += 1
        return self._policy(call, CONDITIONAL)

    def _policy(self, call: Call, version: int) -> Answer:
        name = BUCKETS + call.parameters["bucket"]
        policy = self.policies.get(name).resource(version)
        return {"kind": "storage#policy", "resourceId": name, "version": 1, **policy}

    def _test(self, call: Call) -> Answer:
        name = BUCKETS + call.parameters["bucket"]
        found = self.policies.allowed(call.caller, call.lists.get("permissions", ()), name)
        answer = {"kind": "storage#testIamPermissionsResponse"}
        return {**answer, "permissions": found} if found else answer

    def there(self, call: Call) -> Bucket:
        """Return an own bucket. Raises: RefusedError."""
        name = call.parameters["bucket"]
        bucket = self.effects.store.buckets.get(name)
        if name in self.project.settings.taken_buckets or (bucket is not None and bucket.project != self.project.id):
            raise RefusedError(
                "PERMISSION_DENIED",
                f"{call.caller} does not have {call.method} access to the Google Cloud Storage bucket. Permission "
                f"'{call.method}' denied on resource (or it may not exist).",
            )
        if bucket is None:
            raise RefusedError("NOT_FOUND", "The specified bucket does not exist.")
        return bucket

    def _resource(self, call: Call) -> str:
        return BUCKETS + self.there(call).name

    def _listed(self, call: Call) -> str:
        return self.project.own(f"projects/{call.query.get('project', '')}")

    def _own(self) -> list[Bucket]:
        return [one for _, one in sorted(self.effects.store.buckets.items()) if one.project == self.project.id]

    def _shown(self, bucket: Bucket, call: Call) -> dict[str, Any]:
        shown = bucket.resource(f"{call.base}/{STORAGE}")
        return {**shown, "projectNumber": self.project.number}


def _first_bindings(bucket: Bucket) -> Bindings:
    """Return the bindings with which Cloud Storage makes a bucket (Cloud Storage, "IAM for Cloud Storage")."""
    project, uniform = bucket.project, bucket.fields["iamConfiguration"]["uniformBucketLevelAccess"]["enabled"]
    changing, reading = [f"projectEditor:{project}", f"projectOwner:{project}"], [f"projectViewer:{project}"]
    buckets = [("roles/storage.legacyBucketOwner", changing), ("roles/storage.legacyBucketReader", reading)]
    objects = [("roles/storage.legacyObjectOwner", changing), ("roles/storage.legacyObjectReader", reading)]
    return buckets + objects if uniform else buckets


def _check_metageneration(call: Call, bucket: Bucket) -> None:
    for name, same in (("ifMetagenerationMatch", True), ("ifMetagenerationNotMatch", False)):
        asked = call.query.get(name)
        if asked is not None and (int(asked) == bucket.metageneration) != same:
            message = "At least one of the pre-conditions you specified did not hold."
            raise RefusedError("FAILED_PRECONDITION", message, status=412)


@contextmanager
def storage_refusals() -> Iterator[None]:
    """Raise the refusals of the server's own checks as those of the control plane."""
    try:
        yield
    except Refusal as refusal:
        codes = {status: code for code, (status, _) in reversed(list(CODES.items()))}
        code = codes.get(refusal.status, "INVALID_ARGUMENT")
        raise RefusedError(code, refusal.message, status=refusal.status, reason=refusal.reason) from None
