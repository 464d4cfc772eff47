"""Google's control plane in memory, for tests: called one request after the other, by a clock that they set."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from l3kit.sandbox.gcp.control.answers import ControlAnswer, ControlRequest
from l3kit.sandbox.gcp.control.plane import ControlPlane
from l3kit.sandbox.gcp.control.rules import Rules
from l3kit.sandbox.gcp.control.settings import PlaneSettings
from tests.support.google_memory import OWNER, MemoryEffects, memory_plane

PROJECT, REGION = "memory-project", "us-central1"
NAME = f"projects/{PROJECT}"
LOCATION = f"{NAME}/locations/{REGION}"
_APIS = (
    *("artifactregistry", "cloudbuild", "cloudfunctions", "cloudresourcemanager", "cloudscheduler", "firestore", "iam"),
    *("iamcredentials", "logging", "monitoring", "pubsub", "run", "serviceusage", "storage"),
)
EVERY_API = frozenset(f"{name}.googleapis.com" for name in _APIS)
AT_ONCE = PlaneSettings(enabled=EVERY_API)
"""Every API is enabled, and nothing takes time."""
HOST = ".googleapis.com"


class GoogleError(Exception):
    """An answer that is an error."""

    def __init__(self, status: int, error: Mapping[str, Any]) -> None:
        super().__init__(f"{status} {error.get('status', '')} {error.get('message', '')}")
        self.status = status
        self.code = str(error.get("status", ""))
        self.message = str(error.get("message", ""))
        self.reasons = [one.get("reason") for one in error.get("details", error.get("errors", ()))]


@dataclass
class Google:
    """A control plane and its caller.

    Attributes:
        now: the clock, in seconds since 1970.
        caller: whose token is sent.
    """

    settings: PlaneSettings = AT_ONCE
    effects: MemoryEffects = field(default_factory=MemoryEffects)
    now: float = 1_800_000_000.0
    caller: str = OWNER

    def __post_init__(self) -> None:
        self.runner = asyncio.Runner()
        self.plane: ControlPlane = memory_plane(lambda: self.now, self.effects, self.settings)

    def close(self) -> None:
        self.runner.run(self.plane.close())
        self.runner.close()

    def send(self, request: ControlRequest) -> ControlAnswer:
        """Send a request, and check the form of its answer by Google's definitions."""
        answer = self.runner.run(self.plane.handle(request))
        match = Rules.load().match(request.service, request.verb, request.path)
        if match is not None and answer.status == 200:
            faults = Rules.load().answer_faults(match, answer.json())
            assert not faults, (match.id, faults)
        return answer

    def call(
        self,
        api: str,
        verb: str,
        path: str,
        body: Mapping[str, Any] | None = None,
        *,
        caller: str | None = None,
        **query: str | Sequence[str],
    ) -> Any:
        """Call an API by its first word. Returns: the answer's JSON. Raises: GoogleError."""
        pairs = [(name, one) for name, texts in query.items() for one in ([texts] if isinstance(texts, str) else texts)]
        headers = {"Authorization": f"Bearer token-of:{caller or self.caller}"}
        sent = b"" if body is None else json.dumps(body).encode()
        answer = self.send(ControlRequest(api + HOST, verb, path, pairs, headers, sent))
        if answer.status >= 400:
            raise GoogleError(answer.status, answer.json()["error"])
        return answer.json()

    def refused(
        self, verb: str, api: str, path: str, body: Mapping[str, Any] | None = None, **more: Any
    ) -> GoogleError:
        """Return the error that a call is answered with."""
        try:
            found = self.call(api, verb, path, body, **more)
        except GoogleError as error:
            return error
        raise AssertionError(f"{verb} {path} is answered with {found}")

    def get(self, api: str, path: str, **query: Any) -> Any:
        return self.call(api, "GET", path, **query)

    def post(self, api: str, path: str, body: Mapping[str, Any] | None = None, **query: Any) -> Any:
        return self.call(api, "POST", path, body or {}, **query)

    def put(self, api: str, path: str, body: Mapping[str, Any], **query: Any) -> Any:
        return self.call(api, "PUT", path, body, **query)

    def patch(self, api: str, path: str, body: Mapping[str, Any], **query: Any) -> Any:
        return self.call(api, "PATCH", path, body, **query)

    def delete(self, api: str, path: str, **query: Any) -> Any:
        return self.call(api, "DELETE", path, **query)

    def ended(self, api: str, version: str, operation: Mapping[str, Any]) -> Any:
        """Return an operation as it is now."""
        return self.get(api, f"{version}/{operation['name']}")

    def account(self, one: str) -> str:
        """Make a service account. Returns: its email."""
        made = self.post("iam", f"v1/{NAME}/serviceAccounts", {"accountId": one})
        return str(made["email"])

    def allow(self, member: str, role: str, **condition: str) -> None:
        """Give somebody a role on the project."""
        path, options = f"v3/{NAME}", {"options": {"requestedPolicyVersion": 3}}
        policy = self.post("cloudresourcemanager", f"{path}:getIamPolicy", options)
        binding: dict[str, Any] = {"role": role, "members": [member]}
        if condition:
            binding["condition"] = condition
        policy = {**policy, "version": 3, "bindings": [*policy.get("bindings", ()), binding]}
        self.post("cloudresourcemanager", f"{path}:setIamPolicy", {"policy": policy})

    def database(self, one: str) -> None:
        """Make a database, to its end."""
        body = {"type": "FIRESTORE_NATIVE", "locationId": "us-central1"}
        operation = self.post("firestore", f"v1/{NAME}/databases", body, databaseId=one)
        assert self.ended("firestore", "v1", operation)["done"]

    def build_account(self, one: str = "builder") -> str:
        """Make an account that may build functions. Returns: its resource name."""
        email = self.account(one)
        for role in ("roles/logging.logWriter", "roles/artifactregistry.writer", "roles/storage.objectViewer"):
            self.allow(f"serviceAccount:{email}", role)
        return f"{NAME}/serviceAccounts/{email}"

    def uploaded(self, code: bytes = b"zip") -> Mapping[str, str]:
        """Upload a source. Returns: its place."""
        given = self.post("cloudfunctions", f"v2/{LOCATION}/functions:generateUploadUrl", {})
        url, query = given["uploadUrl"].split("?")
        path = url.removeprefix("https://storage.googleapis.com/")
        pairs = [tuple(pair.split("=", 1)) for pair in query.split("&")]
        headers = {"Content-Type": "application/zip"}
        answer = self.send(ControlRequest("storage" + HOST, "PUT", path, pairs, headers, code))
        assert answer.status == 200, answer
        return dict(given["storageSource"])

    def function(self, builder: str, account: str, **service: Any) -> dict[str, Any]:
        """Return the body of a function with an uploaded source."""
        return {
            "environment": "GEN_2",
            "labels": {"l3kit-twin": "weather"},
            "buildConfig": {
                "runtime": "python311",
                "entryPoint": "main",
                "source": {"storageSource": self.uploaded()},
                "serviceAccount": builder,
            },
            "serviceConfig": {"serviceAccountEmail": account, **service},
        }

    def deployed(self, one: str = "some-function", **service: Any) -> Any:
        """Deploy a function. Returns: the operation at its end."""
        email = f"builder@{PROJECT}.iam.gserviceaccount.com"
        known = self.plane._apis.accounts.find(email) is not None
        builder = f"{NAME}/serviceAccounts/{email}" if known else self.build_account()
        runner = self.account(f"{one[:24]}-runs")
        body = self.function(builder, runner, **service)
        begun = self.post("cloudfunctions", f"v2/{LOCATION}/functions", body, functionId=one)
        return self.ended("cloudfunctions", "v2", begun)

    def function_is_there(self) -> None:
        assert "response" in self.deployed()
