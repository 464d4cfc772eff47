"""Service Usage: which APIs are enabled, and the refusal by one that is not."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from l3kit.sandbox.gcp.control.answers import STORAGE, RefusedError, error_info, invalid
from l3kit.sandbox.gcp.control.calls import Answer, Call, Method, Methods, page
from l3kit.sandbox.gcp.control.operations import Operations
from l3kit.sandbox.gcp.control.project import Project

TITLES: Mapping[str, str] = {
    f"{name}.googleapis.com": title
    for name, title in {
        "artifactregistry": "Artifact Registry API",
        "cloudbilling": "Cloud Billing API",
        "cloudbuild": "Cloud Build API",
        "cloudfunctions": "Cloud Functions API",
        "cloudresourcemanager": "Cloud Resource Manager API",
        "cloudscheduler": "Cloud Scheduler API",
        "compute": "Compute Engine API",
        "datastore": "Cloud Datastore API",
        "eventarc": "Eventarc API",
        "firestore": "Cloud Firestore API",
        "iam": "Identity and Access Management (IAM) API",
        "iamcredentials": "IAM Service Account Credentials API",
        "logging": "Cloud Logging API",
        "monitoring": "Cloud Monitoring API",
        "pubsub": "Cloud Pub/Sub API",
        "run": "Cloud Run Admin API",
        "secretmanager": "Secret Manager API",
        "servicemanagement": "Service Management API",
        "serviceusage": "Service Usage API",
        "storage": "Cloud Storage API",
        "storage-api": "Google Cloud Storage JSON API",
        "storage-component": "Cloud Storage",
    }.items()
}
_PAID = frozenset(
    f"{name}.googleapis.com"
    for name in ("artifactregistry", "cloudbuild", "cloudfunctions", "cloudscheduler", "compute", "eventarc", "run")
)
"""APIs that cannot be enabled without a billing account."""
MAX_BATCH = 20
_METADATA = {"@type": "type.googleapis.com/google.api.serviceusage.v1.OperationMetadata"}
_RESPONSE = "type.googleapis.com/google.api.serviceusage.v1."


@dataclass(slots=True)
class ServiceUsage:
    """The APIs of a project; `_since` is when each one was enabled, in seconds since 1970."""

    project: Project
    operations: Operations
    _since: dict[str, float] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self._since = dict.fromkeys(self.project.settings.enabled & set(TITLES), float("-inf"))

    def is_enabled(self, service: str) -> bool:
        """Return whether an API answers by now."""
        since = self._since.get(service)
        return since is not None and self.project.clock() >= since + self.project.settings.enabling_seconds

    def since(self, service: str) -> float:
        """Return when an API was enabled, in seconds since 1970; infinity if it is not."""
        return self._since.get(service, float("inf"))

    def check(self, service: str) -> None:
        """Refuse a call of an API that is not enabled. Raises: RefusedError."""
        if service == "serviceusage.googleapis.com" or self.is_enabled(service):
            return
        number, title = self.project.number, TITLES.get(service, service)
        url = f"https://console.developers.google.com/apis/api/{service}/overview?project={number}"
        message = (
            f"{title} has not been used in project {number} before or it is disabled. Enable it by visiting {url} then "
            "retry. If you enabled this API recently, wait a few minutes for the action to propagate to our systems "
            "and retry."
        )
        help_kind = "type.googleapis.com/google.rpc.Help"
        links = [{"description": "Google developers console API activation", "url": url}]
        more = {"consumer": f"projects/{number}", "activationUrl": url, "serviceTitle": title, "containerInfo": number}
        info = error_info("SERVICE_DISABLED", "googleapis.com", service=service, **more)
        reason = "accessNotConfigured" if service == STORAGE else ""
        raise RefusedError("PERMISSION_DENIED", message, [{"@type": help_kind, "links": links}, info], reason=reason)

    def methods(self) -> Methods:
        prefix, permission = "serviceusage.services", "serviceusage.services"
        return {
            f"{prefix}.get": Method(self._get, f"{permission}.get"),
            f"{prefix}.list": Method(self._list, f"{permission}.list"),
            f"{prefix}.batchGet": Method(self._batch_get, f"{permission}.get"),
            f"{prefix}.enable": Method(self._enable, f"{permission}.enable"),
            f"{prefix}.batchEnable": Method(self._batch_enable, f"{permission}.enable"),
            "serviceusage.operations.get": Method(self._operation),
        }

    def _operation(self, call: Call) -> Answer:
        return self.operations.find(call.name)

    def _get(self, call: Call) -> Answer:
        return self._shown(_service_in(call.name))

    def _list(self, call: Call) -> Answer:
        wanted = call.query.get("filter", "").removeprefix("state:")
        shown = [self._shown(service) for service in sorted(TITLES)]
        return page(call, [one for one in shown if wanted in ("", one["state"])], "services", 50)

    def _batch_get(self, call: Call) -> Answer:
        return {"services": [self._shown(_service_in(name)) for name in call.lists.get("names", ())]}

    def _enable(self, call: Call) -> Answer:
        service = _service_in(call.name)
        return self._begin([service], "EnableServiceResponse", lambda: {"service": self._shown(service)})

    def _batch_enable(self, call: Call) -> Answer:
        services = [str(one) for one in call.body.get("serviceIds") or ()]
        if not 0 < len(services) <= MAX_BATCH:
            raise invalid(f"A batch has 1 to {MAX_BATCH} services.", "service_ids")
        return self._begin(
            services, "BatchEnableServicesResponse", lambda: {"services": [self._shown(one) for one in services]}
        )

    def _begin(self, services: Sequence[str], kind: str, answer: Any) -> Answer:
        self._check_there(services)
        unpaid = [one for one in services if one not in self._since and one in _PAID]
        if unpaid and not self.project.settings.billing:
            raise self._no_billing(unpaid)
        if all(one in self._since for one in services):
            return self.operations.done("operations/noop.DONE_OPERATION", {"@type": _RESPONSE + kind, **answer()})

        def finish(result: object) -> Mapping[str, Any]:
            for service in services:
                self._since.setdefault(service, self.project.clock())
            return {"@type": _RESPONSE + kind, **answer()}

        return self._operation_of(services, finish)

    def _operation_of(self, services: Sequence[str], finish: Any) -> Answer:
        number = self.project.number
        metadata = {**_METADATA, "resourceNames": [f"services/{one}/projectSettings/{number}" for one in services]}
        name = f"operations/acat.p2-{number}-{self.project.uuid()}"
        return self.operations.begin("serviceusage", name, "", metadata, finish)

    def _no_billing(self, services: Sequence[str]) -> RefusedError:
        number = self.project.number
        message = (
            f"Billing account for project '{number}' is not found. Billing must be enabled for activation of "
            f"service(s) '{','.join(services)}' to proceed."
        )
        info = error_info("UREQ_PROJECT_BILLING_NOT_FOUND", "serviceusage.googleapis.com", project=number)
        return RefusedError("FAILED_PRECONDITION", message, [info])

    def _check_there(self, services: Sequence[str]) -> None:
        for service in services:
            if service not in TITLES:
                message = f"Not found or permission denied for service(s): {service}."
                info = error_info(
                    "SERVICE_CONFIG_NOT_FOUND_OR_PERMISSION_DENIED", "serviceusage.googleapis.com", services=service
                )
                raise RefusedError("PERMISSION_DENIED", message, [info])

    def _shown(self, service: str) -> dict[str, Any]:
        self._check_there([service])
        parent = f"projects/{self.project.number}"
        return {
            "name": f"{parent}/services/{service}",
            "config": {"name": service, "title": TITLES[service]},
            "state": "ENABLED" if service in self._since else "DISABLED",
            "parent": parent,
        }


def _service_in(name: str) -> str:
    return name.rpartition("/")[2]
