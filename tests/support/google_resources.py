"""What other resources of Google Cloud need, made by google-api-python-client, and bodies of requests."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import requests

from tests.support.google_clients import Clients, fresh


def account(google: Clients, one: str) -> str:
    """Make a service account. Returns: its email."""
    made = google.discovered("iam", "v1").projects().serviceAccounts().create(name=google.name, body={"accountId": one})
    return str(made.execute()["email"])


def builder(google: Clients) -> str:
    """Make an account that may build functions. Returns: its resource name."""
    email = account(google, fresh("build"))
    roles = ("roles/logging.logWriter", "roles/artifactregistry.writer", "roles/storage.objectViewer")
    projects = google.discovered("cloudresourcemanager", "v3").projects()
    policy = projects.getIamPolicy(resource=google.name, body={"options": {"requestedPolicyVersion": 3}}).execute()
    policy["bindings"] += [{"role": role, "members": [f"serviceAccount:{email}"]} for role in roles]
    projects.setIamPolicy(resource=google.name, body={"policy": policy}).execute()
    return f"{google.name}/serviceAccounts/{email}"


def source(upload: Mapping[str, Any], code: bytes) -> dict[str, Any]:
    """Put a zip at an address for uploads. Returns: its place."""
    done = requests.put(upload["uploadUrl"], data=code, headers={"Content-Type": "application/zip"}, timeout=30)
    assert done.status_code == 200
    return dict(upload["storageSource"])


def function_body(google: Clients, upload: Mapping[str, Any], code: bytes = b"zip") -> dict[str, Any]:
    return {
        "environment": "GEN_2",
        "labels": {"l3kit-twin": "weather"},
        "buildConfig": {
            "runtime": "python313",
            "entryPoint": "main",
            "source": {"storageSource": source(upload, code)},
            "serviceAccount": builder(google),
        },
        "serviceConfig": {
            "timeoutSeconds": 540,
            "availableMemory": "512M",
            "availableCpu": "1",
            "maxInstanceRequestConcurrency": 1,
            "ingressSettings": "ALLOW_ALL",
            "serviceAccountEmail": account(google, fresh("mover")),
            "environmentVariables": {"A": "b"},
        },
    }


def job_body(google: Clients, name: str) -> dict[str, Any]:
    return {
        "name": name,
        "description": "twin weather",
        "schedule": "0 3 * * *",
        "timeZone": "Etc/UTC",
        "attemptDeadline": "900s",
        "httpTarget": {
            "uri": "https://mover.example/",
            "httpMethod": "POST",
            "oidcToken": {"serviceAccountEmail": account(google, fresh("clock")), "audience": "https://mover.example/"},
        },
    }
