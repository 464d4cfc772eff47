"""Uploads of functions' sources: an address for each, signed, to which a zip is put without credentials."""

from __future__ import annotations

import hmac
from collections.abc import Mapping
from dataclasses import dataclass, field

from l3kit.sandbox.gcp.control.answers import STORAGE, ControlAnswer, ControlRequest
from l3kit.sandbox.gcp.control.project import Project

SECONDS = 1800.0
"""Seconds for which an address can be used (Cloud Functions, "functions.generateUploadUrl")."""
ZIP = "application/zip"


@dataclass(slots=True)
class Upload:
    """A source that can be put, or was; `until` in seconds since 1970."""

    signature: str = field(repr=False)
    until: float
    content: bytes | None = field(default=None, repr=False)


@dataclass(slots=True)
class Uploads:
    """All of the last hour, by object name."""

    project: Project
    _all: dict[str, Upload] = field(default_factory=dict)

    @property
    def bucket(self) -> str:
        return f"gcf-v2-uploads-{self.project.number}.{self.project.region}.cloudfunctions.appspot.com"

    def begin(self, base: str, signature: str) -> Mapping[str, object]:
        """Return an address for one source, and the name under which a function can have it."""
        now = self.project.clock()
        self._all = {name: one for name, one in self._all.items() if one.until + SECONDS > now}
        name = f"{self.project.uuid()}.zip"
        self._all[name] = Upload(signature, now + SECONDS)
        agent = f"service-{self.project.number}@gcf-admin-robot.iam.gserviceaccount.com"
        query = f"GoogleAccessId={agent}&Expires={int(now + SECONDS)}&Signature={signature}"
        return {
            "uploadUrl": f"{base}/{STORAGE}/{self.bucket}/{name}?{query}",
            "storageSource": {"bucket": self.bucket, "object": name},
        }

    def source(self, bucket: str, name: str) -> bytes | None:
        """Return an uploaded source; None if there is none."""
        upload = self._all.get(name) if bucket == self.bucket else None
        return upload.content if upload is not None else None

    def is_meant(self, request: ControlRequest) -> bool:
        """Return whether a request puts a source."""
        return request.service == STORAGE and request.path.startswith("gcf-v2-uploads-") and request.verb == "PUT"

    def put(self, request: ControlRequest) -> ControlAnswer:
        """Take a source, as Cloud Storage does at a signed address."""
        bucket, _, name = request.path.partition("/")
        upload = self._all.get(name) if bucket == self.bucket else None
        headers = {key.lower(): value for key, value in request.headers.items()}
        given = dict(request.query).get("Signature", "")
        if upload is None or not hmac.compare_digest(given.encode(), upload.signature.encode()):
            return _refused(403, "SignatureDoesNotMatch", "The request signature we calculated does not match.")
        if headers.get("content-type") != ZIP:
            return _refused(403, "SignatureDoesNotMatch", f"The request was signed for the content type {ZIP}.")
        if "authorization" in headers:
            return _refused(400, "InvalidArgument", "Only one auth mechanism allowed; a signature is there already.")
        if self.project.clock() > upload.until:
            return _refused(400, "ExpiredToken", "The provided token has expired.")
        upload.content = request.body
        return ControlAnswer(200, {})


def _refused(status: int, code: str, message: str) -> ControlAnswer:
    text = f"<?xml version='1.0' encoding='UTF-8'?><Error><Code>{code}</Code><Message>{message}</Message></Error>"
    return ControlAnswer(status, {"Content-Type": "application/xml; charset=UTF-8"}, text.encode())
