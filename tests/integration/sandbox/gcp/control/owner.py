"""Whoever owns the sandbox's project, and deploys to it by requests to its control plane."""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import requests

from l3kit.sandbox.gcp.account import PROJECT, REGION
from tests.support.cloud_functions import gcp_zip
from tests.support.google_plane import EVERY_API

NAME = f"projects/{PROJECT}"
LOCATION = f"{NAME}/locations/{REGION}"
SECONDS = 120.0
ECHO = """
def main(request):
    job = request.headers.get("X-CloudScheduler-JobName")
    return {"method": request.method, "job": job, "body": request.get_data(as_text=True)}
"""


@dataclass
class Owner:
    """Sends requests with the owner's token. `address`: of the control plane."""

    address: str
    token: str = field(repr=False)

    def ask(self, verb: str, api: str, path: str, body: Mapping[str, Any] | None = None, **query: str) -> Any:
        """Send a request. Returns: the answer's JSON, which is no error."""
        answer = self.send(verb, api, path, body, **query)
        assert answer.status_code < 300, answer.text
        return answer.json() if answer.content else None

    def send(
        self, verb: str, api: str, path: str, body: Mapping[str, Any] | None = None, **query: str
    ) -> requests.Response:
        headers = {"Authorization": f"Bearer {self.token}"} if self.token else {}
        url = f"{self.address}/{api}.googleapis.com/{path}"
        return requests.request(verb, url, json=body, params=query, headers=headers, timeout=60)

    def wait(self, api: str, version: str, operation: Mapping[str, Any]) -> Mapping[str, Any]:
        """Return an operation at its end."""
        deadline = time.monotonic() + SECONDS
        found = operation
        while not found.get("done"):
            assert time.monotonic() < deadline, found
            time.sleep(0.1)
            found = self.ask("GET", api, f"{version}/{operation['name']}")
        return found

    def enable(self) -> None:
        body = {"serviceIds": sorted(EVERY_API)}
        self.wait("serviceusage", "v1", self.ask("POST", "serviceusage", f"v1/{NAME}/services:batchEnable", body))

    def account(self, one: str) -> str:
        """Make a service account. Returns: its email."""
        path = f"v1/{NAME}/serviceAccounts"
        made = self.send("POST", "iam", path, {"accountId": one})
        assert made.status_code in (200, 409), made.text
        return f"{one}@{PROJECT}.iam.gserviceaccount.com"

    def allow(self, api: str, path: str, email: str, role: str, **condition: str) -> None:
        """Give an account a role on a resource."""
        if api == "cloudresourcemanager":
            options = {"options": {"requestedPolicyVersion": 3}}
            policy = self.ask("POST", api, f"{path}:getIamPolicy", options)
        else:
            policy = self.ask("GET", api, f"{path}:getIamPolicy")
        binding: dict[str, Any] = {"role": role, "members": [f"serviceAccount:{email}"]}
        if condition:
            binding["condition"] = condition
        policy = {**policy, "version": 3, "bindings": [*policy.get("bindings", ()), binding]}
        self.ask("POST", api, f"{path}:setIamPolicy", {"policy": policy})

    def upload(self, code: bytes) -> Mapping[str, str]:
        """Upload a source. Returns: its place."""
        given = self.ask("POST", "cloudfunctions", f"v2/{LOCATION}/functions:generateUploadUrl", {})
        answer = requests.put(given["uploadUrl"], data=code, headers={"Content-Type": "application/zip"}, timeout=60)
        assert answer.status_code == 200, answer.text
        return dict(given["storageSource"])

    def deploy(self, one: str, account: str, source: str = ECHO, **settings: str) -> str:
        """Deploy a function. Returns: its url."""
        build = self.account("function-builds")
        for role in ("roles/logging.logWriter", "roles/artifactregistry.writer", "roles/storage.objectViewer"):
            self.allow("cloudresourcemanager", f"v3/{NAME}", build, role)
        body = {
            "environment": "GEN_2",
            "buildConfig": {
                "runtime": "python311",
                "entryPoint": "main",
                "source": {"storageSource": self.upload(gcp_zip(source))},
                "serviceAccount": f"{NAME}/serviceAccounts/{build}",
            },
            "serviceConfig": {"serviceAccountEmail": account, "environmentVariables": settings},
        }
        begun = self.ask("POST", "cloudfunctions", f"v2/{LOCATION}/functions", body, functionId=one)
        ended = self.wait("cloudfunctions", "v2", begun)
        return str(ended["response"]["serviceConfig"]["uri"])

    def identity_token(self, email: str, audience: str) -> str:
        """Return an identity token of an account as which the owner may act."""
        self.allow_acting(email)
        path = f"v1/projects/-/serviceAccounts/{email}:generateIdToken"
        return str(self.ask("POST", "iamcredentials", path, {"audience": audience})["token"])

    def access_token(self, email: str) -> str:
        self.allow_acting(email)
        path = f"v1/projects/-/serviceAccounts/{email}:generateAccessToken"
        body = {"scope": ["https://www.googleapis.com/auth/cloud-platform"]}
        return str(self.ask("POST", "iamcredentials", path, body)["accessToken"])

    def allow_acting(self, email: str) -> None:
        """Let the owner have tokens of an account, which being the owner does not."""
        path = f"v1/{NAME}/serviceAccounts/{email}"
        policy = self.ask("POST", "iam", f"{path}:getIamPolicy", {})
        role, me = "roles/iam.serviceAccountTokenCreator", "user:operator@l3kit-sandbox.example"
        policy = {**policy, "bindings": [{"role": role, "members": [me]}]}
        self.ask("POST", "iam", f"{path}:setIamPolicy", {"policy": policy})
