"""Locations of services, and the project's billing: questions that come before anything is made."""

from __future__ import annotations

from dataclasses import dataclass

from l3kit.sandbox.gcp.control.calls import Answer, Call, Method, Methods
from l3kit.sandbox.gcp.control.project import Project


@dataclass(frozen=True, slots=True)
class Locations:
    """The one region that the double has, for every service."""

    project: Project

    def methods(self) -> Methods:
        permissions = {
            "cloudfunctions": "cloudfunctions.locations.list",
            "cloudscheduler": "cloudscheduler.locations.list",
            "firestore": "datastore.locations.list",
        }
        found = {f"{api}.projects.locations.list": Method(self._list, one) for api, one in permissions.items()}
        return {**found, "cloudbilling.projects.getBillingInfo": Method(self._billing, "resourcemanager.projects.get")}

    def _list(self, call: Call) -> Answer:
        region = self.project.region
        return {"locations": [{"name": f"{self.project.name}/locations/{region}", "locationId": region}]}

    def _billing(self, call: Call) -> Answer:
        paid = self.project.settings.billing
        account = {"billingAccountName": "billingAccounts/000000-000000-000000"} if paid else {}
        return {
            "name": f"{self.project.name}/billingInfo",
            "projectId": self.project.id,
            **account,
            "billingEnabled": paid,
        }
