"""Cloud Resource Manager: the project and its policy."""

from __future__ import annotations

from dataclasses import dataclass

from l3kit.sandbox.gcp.control.calls import Answer, Call, Method, Methods
from l3kit.sandbox.gcp.control.iam import Policies
from l3kit.sandbox.gcp.control.project import Project, time_text

MADE = 1_700_000_000.0
"""Time at which the project was made, in seconds since 1970."""


@dataclass(frozen=True, slots=True)
class Projects:
    """The one project that there is."""

    project: Project
    policies: Policies

    def methods(self) -> Methods:
        prefix = "cloudresourcemanager.projects"
        get = Method(self._get, "resourcemanager.projects.get")
        return {**self.policies.methods(prefix, "resourcemanager.projects"), f"{prefix}.get": get}

    def _get(self, call: Call) -> Answer:
        made = time_text(MADE)
        return {
            "name": f"projects/{self.project.number}",
            "projectId": self.project.id,
            "state": "ACTIVE",
            "displayName": self.project.id,
            "createTime": made,
            "updateTime": made,
            "etag": 'W/"1"',
        }
