"""Cloud Build for functions: who builds, with which rights, and what a function is made of."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from l3kit.sandbox.gcp.control.buckets import Buckets
from l3kit.sandbox.gcp.control.effects import DeployError, Effects, FunctionSpec
from l3kit.sandbox.gcp.control.function_checks import deployment_problem
from l3kit.sandbox.gcp.control.iam import BUCKETS, Policies
from l3kit.sandbox.gcp.control.project import Project
from l3kit.sandbox.gcp.control.service_usage import TITLES, ServiceUsage

APIS = ("cloudbuild.googleapis.com", "artifactregistry.googleapis.com", "run.googleapis.com")
"""APIs that a deployment needs beside its own."""


@dataclass(frozen=True, slots=True)
class Builder:
    """Builds functions and starts them."""

    project: Project
    effects: Effects
    policies: Policies
    usage: ServiceUsage
    buckets: Buckets

    @property
    def sources(self) -> str:
        """Return the bucket in which Cloud Functions keeps what it builds."""
        return f"gcf-v2-sources-{self.project.number}-{self.project.region}"

    @property
    def _location(self) -> str:
        return f"{self.project.name}/locations/{self.project.region}"

    async def deploy(self, name: str, fields: Mapping[str, Any], code: bytes) -> str | DeployError:
        """Build and start a function. Returns: its url, or why there is none."""
        if self.sources not in self.effects.store.buckets:  # it stays after the last function is gone
            uniform = {"uniformBucketLevelAccess": {"enabled": True}}
            self.buckets.make(self.sources, self.project.region, {"iamConfiguration": uniform})
        if problem := self._problem(fields):
            return DeployError(problem)
        service, build = fields["serviceConfig"], fields["buildConfig"]
        spec = FunctionSpec(
            name,
            build["runtime"],
            build["entryPoint"],
            dict(service.get("environmentVariables") or {}),
            dict(fields.get("labels") or {}),
            int(service["timeoutSeconds"]),
            service["serviceAccountEmail"],
        )
        try:
            return await self.effects.deploy(spec, code)
        except DeployError as error:
            return error

    def _problem(self, fields: Mapping[str, Any]) -> str:
        for api in APIS:
            if not self.usage.is_enabled(api):
                number = self.project.number
                return f"{TITLES[api]} has not been used in project {number} before or it is disabled. Enable it first."
        given = str(fields["buildConfig"].get("serviceAccount") or "")
        account = given.rpartition("/")[2] or self.project.default_account
        # Cloud Run functions, "Custom service account for Cloud Build"
        rights = {
            "logging.logEntries.create": self.project.name,
            "artifactregistry.repositories.uploadArtifacts": f"{self._location}/repositories/gcf-artifacts",
            "storage.objects.get": f"{BUCKETS}{self.sources}/objects/function-source.zip",
        }
        lacking = [one for one, place in rights.items() if self.policies.refusal(account, one, place) is not None]
        if lacking:
            return (
                "Build failed with status: FAILURE. Could not build the function due to a missing permission on the "
                f"build service account. {account} lacks {', '.join(lacking)}."
            )
        return deployment_problem(fields)
