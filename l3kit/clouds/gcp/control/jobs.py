"""Cloud Scheduler jobs that start a function, with an identity token of the account that may call it."""

from __future__ import annotations

import base64
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from l3kit.clouds.gcp.control.place import SCHEDULER, Place, already_there, description, is_described_as
from l3kit.clouds.gcp.control.refusals import explained, is_taken, unless_missing
from l3kit.clouds.ports.changes import differs
from l3kit.clouds.ports.control import Refusal
from l3kit.clouds.ports.function_host import Timer
from l3kit.clouds.ports.resources import Finding
from l3kit.clouds.shared.drift import drift
from l3kit.errors import ProvisioningError

ROLE = "roles/cloudscheduler.admin on the project"
ZONE = "Etc/UTC"
MAX_DEADLINE = 1800
"""Maximum seconds that Cloud Scheduler waits for an answer."""
ACCOUNT_LIMIT = 180.0
"""Maximum seconds until Cloud Scheduler knows a new account."""
PURPOSE = "Starts a function of l3kit"
MASK = "schedule,timeZone,attemptDeadline,retryConfig,httpTarget,description"
WORDS: Mapping[str, str] = {
    "schedule": "schedule",
    "timeZone": "time zone",
    "attemptDeadline": "deadline",
    "retryConfig.retryCount": "retries",
    "httpTarget.uri": "target",
    "httpTarget.oidcToken.serviceAccountEmail": "calls as",
    "httpTarget.oidcToken.audience": "audience of its token",
}


@dataclass(frozen=True)
class Job:
    """One job.

    Attributes:
        schedule: unix cron, in UTC.
        url: returns the function's address; empty if it is not deployed.
        email: of the account that calls.
        deadline: seconds that a run may take.
    """

    place: Place
    name: str
    twin_name: str
    schedule: str
    url: Callable[[], str] = field(repr=False, compare=False)
    email: str
    deadline: int
    kind: str = field(default="schedule", init=False)
    holds_data: bool = field(default=False, init=False)

    def compare(self) -> Finding:
        with explained(f"schedule {self.name}", ROLE):
            there = read_job(self.place, self.name)
        if there is None:
            return Finding.missing({"schedule": self.schedule, "calls as": self.email})
        if not is_described_as(self.twin_name, there.get("description")):
            return Finding(True, owned=False)
        found = drift(self._wanted(), there, words=WORDS)
        if _is_off(there):
            found.append(differs("it is switched off", "state", "off", "on"))
        return Finding.of(True, found)

    def create(self) -> None:
        def create() -> None:
            self.place.control.post(SCHEDULER, f"v1/{self.place.location}/jobs", self._for_sending())

        with explained(f"schedule {self.name}", ROLE):
            try:
                self._once_known(create)
            except Refusal as refusal:
                if is_taken(refusal):
                    raise already_there(self.place, f"schedule {self.name}", self._is_there) from None
                raise

    def update(self) -> None:
        """Give the job these values, and switch it on."""
        path = _path(self.place, self.name)

        def update() -> None:
            self.place.control.patch(SCHEDULER, path, self._for_sending(), {"updateMask": MASK})

        with explained(f"schedule {self.name}", ROLE):
            there = read_job(self.place, self.name) or {}
            if drift(self._wanted(), there):
                self._once_known(update)
            if _is_off(there):
                self.place.control.post(SCHEDULER, f"{path}:resume", {})

    def delete(self) -> None:
        with explained(f"schedule {self.name}", ROLE):
            unless_missing(lambda: self.place.control.delete(SCHEDULER, _path(self.place, self.name)))

    def _is_there(self) -> bool:
        return read_job(self.place, self.name) is not None

    def _once_known(self, call: Callable[[], None]) -> None:
        what = f"service account {self.email} is known to Cloud Scheduler"
        self.place.patience.retry_while(call, self._is_unknown, what, ACCOUNT_LIMIT)

    def _is_unknown(self, refusal: Refusal) -> bool:
        return refusal.status in (400, 404) and self.email in refusal.message

    def _for_sending(self) -> dict[str, Any]:
        wanted = self._wanted()
        if not wanted["httpTarget"]["uri"]:
            raise ProvisioningError(f"schedule {self.name}", "its function is not deployed yet", "Run deploy_l3")
        return wanted

    def _wanted(self) -> dict[str, Any]:
        url = self.url()
        return {
            "name": f"{self.place.location}/jobs/{self.name}",
            "description": description(self.twin_name, PURPOSE),
            "schedule": self.schedule,
            "timeZone": ZONE,
            "attemptDeadline": f"{min(self.deadline, MAX_DEADLINE)}s",
            "retryConfig": {"retryCount": 0},
            "httpTarget": {
                "uri": f"{url}/" if url else "",  # Cloud Scheduler itself ends a bare host with a slash
                "httpMethod": "POST",
                "headers": {"Content-Type": "application/json"},
                "body": base64.b64encode(b"{}").decode(),
                "oidcToken": {"serviceAccountEmail": self.email, "audience": url},
            },
        }


def read_job(place: Place, name: str) -> dict[str, Any] | None:
    """Return a job; None if there is none. Raises: Refusal."""
    return unless_missing(lambda: place.control.get(SCHEDULER, _path(place, name)))


def as_timer(there: Mapping[str, Any], url: str, *, is_live: bool) -> Timer:
    """Return a job as a timer of the function at a url. `is_live`: whether it runs by itself."""
    target = there.get("httpTarget", {})
    faults = [] if str(target.get("uri", "")).rstrip("/") == url else ["starts something else"]
    if target.get("oidcToken", {}).get("audience") != url:
        faults.append("has no token for the function")
    if (zone := there.get("timeZone", "UTC")) not in (ZONE, "UTC"):
        faults.append(f"time zone {zone}")
    expression, fault = str(there.get("schedule", "")), ", ".join(faults)
    if _is_off(there):
        return Timer(expression, "off", fault=fault)
    return Timer(expression, "on" if is_live else "fired", fault=fault)


def _is_off(there: Mapping[str, Any]) -> bool:
    return there.get("state") in ("PAUSED", "DISABLED")


def _path(place: Place, name: str) -> str:
    return f"v1/{place.location}/jobs/{name}"
