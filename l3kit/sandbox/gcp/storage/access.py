"""The sender of a call, and what that one may do with buckets and objects.

Sources: Cloud Storage, "IAM permissions for JSON methods"; its refusals as its clients' issues quote them. Whoever
uploads onto a name that is taken needs the permission to delete; which of this and a precondition Google looks at
first is not documented: here the permission comes first, like every other.
"""

from __future__ import annotations

from collections.abc import Mapping

from aiohttp import web

from l3kit.sandbox.gcp.guard import Caller, Guard, Problem
from l3kit.sandbox.gcp.storage.answers import Refusal
from l3kit.sandbox.gcp.storage.buckets import Bucket

REALM: Mapping[str, str] = {"WWW-Authenticate": 'Bearer realm="https://accounts.google.com/"'}
_HEADER = ("header", "Authorization")


class Access:
    """Permissions of the sender of one call.

    Args:
        guard: decides; None admits everybody.
        caller: who sends the call.
    """

    def __init__(self, guard: Guard | None, caller: Caller) -> None:
        self._guard = guard
        self._caller = caller

    @classmethod
    def of(cls, request: web.Request, guard: Guard | None) -> Access:
        """Read the request's token. Raises: Refusal (401) if it cannot be used."""
        caller = guard.caller(request.headers.get("Authorization")) if guard is not None else Caller(None)
        if isinstance(caller, Problem):
            raise Refusal(401, "authError", "Invalid Credentials", location=_HEADER, headers=REALM)
        return cls(guard, caller)

    def to_project(self, permission: str, project: str) -> None:
        """Check a permission on a project. Raises: Refusal (401, 403)."""
        self._check(permission, f"projects/{project}", "project")

    def to_bucket(self, permission: str, bucket: Bucket) -> None:
        """Check a permission on a bucket. Raises: Refusal (401, 403)."""
        self._check(permission, f"projects/_/buckets/{bucket.name}", "bucket")

    def to_object(self, permission: str, bucket: Bucket, name: str) -> None:
        """Check a permission on an object, which need not exist. Raises: Refusal (401, 403)."""
        resource = f"projects/_/buckets/{bucket.name}/objects/{name}"
        self._check(permission, resource, "object")

    def to_put(self, bucket: Bucket, name: str) -> None:
        """Check the permissions for a new object. Raises: Refusal (401, 403)."""
        self.to_object("storage.objects.create", bucket, name)
        if name in bucket.objects:
            self.to_object("storage.objects.delete", bucket, name)

    def _check(self, permission: str, resource: str, kind: str) -> None:
        if self._guard is None:
            return
        found = self._guard.problem(self._caller, (permission,), resource)
        if found is None:
            return
        who = found.email or "Anonymous caller"
        message = (
            f"{who} does not have {permission} access to the Google Cloud Storage {kind}. "
            f"Permission '{permission}' denied on resource (or it may not exist)."
        )
        if found.kind == "denied":
            raise Refusal(403, "forbidden", message)
        raise Refusal(401, "required", message, location=_HEADER, headers=REALM)
