"""Cloud Run: the services that serve functions, and their policies, which say who may invoke them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from l3kit.sandbox.gcp.control.answers import conflicting, missing
from l3kit.sandbox.gcp.control.calls import Answer, Call, Method, Methods, changed, page
from l3kit.sandbox.gcp.control.iam import Policies
from l3kit.sandbox.gcp.control.operations import Operations
from l3kit.sandbox.gcp.control.project import Project

_SERVICE = "type.googleapis.com/google.cloud.run.v2.Service"
_EDITABLE = ("invokerIamDisabled", "ingress", "labels", "annotations", "description")


@dataclass(slots=True)
class Services:
    """Services by name. The double makes none but by a function."""

    project: Project
    policies: Policies
    operations: Operations
    _all: dict[str, dict[str, Any]] = field(default_factory=dict)

    def methods(self) -> Methods:
        prefix = "run.projects.locations.services"
        return {
            **self.policies.methods(prefix, "run.services", self._resource),
            f"{prefix}.get": Method(self._get, "run.services.get"),
            f"{prefix}.list": Method(self._list, "run.services.list"),
            f"{prefix}.patch": Method(self._patch, "run.services.update"),
            f"{prefix}.delete": Method(self._delete, "run.services.delete"),
            **self.operations.methods(("run.projects.locations.operations", "run.operations")),
        }

    def put(self, name: str, caller: str, template: Mapping[str, Any], more: Mapping[str, Any]) -> str:
        """Make a service, or give it a new revision. Returns: the revision's name."""
        former = self._all.get(name, {})
        generation = int(former.get("generation", "0")) + 1
        revision = f"{name.rpartition('/')[2]}-{generation:05d}-{self.project.uuid()[:3]}"
        now = self.project.now()
        self._all[name] = {
            "uid": self.project.uuid(),
            "createTime": now,
            "creator": caller,
            "launchStage": "GA",
            "traffic": [{"type": "TRAFFIC_TARGET_ALLOCATION_TYPE_LATEST", "percent": 100}],
            **former,
            **more,
            "name": name,
            "generation": str(generation),
            "observedGeneration": str(generation),
            "updateTime": now,
            "lastModifier": caller,
            "template": template,
            "etag": f'"{self.project.etag()}"',
            "latestReadyRevision": f"{name}/revisions/{revision}",
            "latestCreatedRevision": f"{name}/revisions/{revision}",
            "terminalCondition": {"type": "Ready", "state": "CONDITION_SUCCEEDED", "lastTransitionTime": now},
        }
        return revision

    def drop(self, name: str) -> None:
        """Delete a service with its policy."""
        self._all.pop(name, None)
        self.policies.drop(name)

    def _there(self, given: str) -> dict[str, Any]:
        name = self.project.own(given)
        if name not in self._all:
            raise missing(f'service "{name}" not found')
        return self._all[name]

    def _resource(self, call: Call) -> str:
        return str(self._there(call.name)["name"])

    def _get(self, call: Call) -> Answer:
        return self._there(call.name)

    def _list(self, call: Call) -> Answer:
        parent = self.project.own(call.name)
        found = [one for name, one in sorted(self._all.items()) if name.startswith(f"{parent}/services/")]
        return page(call, found, "services")

    def _patch(self, call: Call) -> Answer:
        service = self._there(call.name)
        asked = str(call.body.get("etag") or "")
        if asked and asked != service["etag"]:
            raise conflicting(f"Conflict for resource '{service['name']}': the etag is not the one that was sent.")
        mask = tuple(path for path in call.mask() if path in _EDITABLE)
        name = service["name"]

        def finish(result: object) -> Mapping[str, Any]:
            self.put(name, call.caller, service["template"], changed(service, call.body, mask))
            return {"@type": _SERVICE, **self._all[name]}

        return self._begin(service, finish)

    def _delete(self, call: Call) -> Answer:
        service = self._there(call.name)

        def finish(result: object) -> Mapping[str, Any]:
            self.drop(service["name"])
            return {"@type": _SERVICE, **service}

        return self._begin(service, finish)

    def _begin(self, service: Mapping[str, Any], finish: Any) -> Answer:
        parent = str(service["name"]).partition("/services/")[0]
        name = f"{parent}/operations/{self.project.uuid()}"
        return self.operations.begin("run", name, service["name"], {"@type": _SERVICE, **service}, finish)
