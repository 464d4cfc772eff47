"""Cloud Scheduler: jobs that post to an address at given times, here when they are fired."""

from __future__ import annotations

import base64
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from l3kit.sandbox.functions.cron_fields import problem_with_unix_cron
from l3kit.sandbox.gcp.control.answers import RefusedError, invalid, missing, taken, unfulfilled
from l3kit.sandbox.gcp.control.calls import Answer, Call, Method, Methods, changed, page
from l3kit.sandbox.gcp.control.effects import Effects, JobSpec
from l3kit.sandbox.gcp.control.project import Project
from l3kit.sandbox.gcp.control.service_accounts import ServiceAccounts

_ID = re.compile(r"[a-zA-Z0-9_-]{1,500}")
MIN_DEADLINE, MAX_DEADLINE = 15.0, 1800.0
"""Seconds of `attemptDeadline` with an HTTP target."""
MAX_DESCRIPTION = 500
_RETRY = {
    "maxRetryDuration": "0s",
    "minBackoffDuration": "5s",
    "maxBackoffDuration": "3600s",
    "maxDoublings": 5,
}
_OUTPUT = ("name", "userUpdateTime", "state", "status", "scheduleTime", "lastAttemptTime", "satisfiesPzs")


@dataclass(slots=True)
class Jobs:
    """All jobs, by name."""

    project: Project
    effects: Effects
    accounts: ServiceAccounts
    _all: dict[str, dict[str, Any]] = field(default_factory=dict)

    def methods(self) -> Methods:
        prefix, permission = "cloudscheduler.projects.locations.jobs", "cloudscheduler.jobs"
        return {
            f"{prefix}.create": Method(self._create, f"{permission}.create"),
            f"{prefix}.get": Method(self._get, f"{permission}.get"),
            f"{prefix}.list": Method(self._list, f"{permission}.list"),
            f"{prefix}.patch": Method(self._patch, f"{permission}.update"),
            f"{prefix}.delete": Method(self._delete, f"{permission}.delete"),
            f"{prefix}.pause": Method(self._pause, f"{permission}.pause"),
            f"{prefix}.resume": Method(self._resume, f"{permission}.enable"),
            f"{prefix}.run": Method(self._run, f"{permission}.run"),
        }

    def _create(self, call: Call) -> Answer:
        parent = self.project.own(call.name)
        if parent != f"{self.project.name}/locations/{self.project.region}":
            raise missing(f"Location '{parent.rpartition('/')[2]}' is not a valid location.")
        name = self.project.own(str(call.body.get("name") or f"{parent}/jobs/job-{self.project.digits(16)}"))
        if not name.startswith(f"{parent}/jobs/") or not _ID.fullmatch(name.rpartition("/")[2]):
            raise invalid(f'Job name must be formatted: "{parent}/jobs/<JOB_ID>".', "job.name")
        if name in self._all:
            raise taken(f"Job {name} already exists.")
        self.project.check_quota("jobs", len(self._all))
        given = {key: value for key, value in call.body.items() if key not in _OUTPUT}
        self._all[name] = {"name": name, "state": "ENABLED", **self._checked(given, call.caller)}
        return self._changed(name)

    def _get(self, call: Call) -> Answer:
        return self._there(call)

    def _list(self, call: Call) -> Answer:
        parent = self.project.own(call.name)
        return page(
            call, [one for name, one in sorted(self._all.items()) if name.startswith(f"{parent}/jobs/")], "jobs", 500
        )

    def _patch(self, call: Call) -> Answer:
        job = self._there(call)
        mask = tuple(path for path in call.mask() if path not in _OUTPUT)
        given = {key: value for key, value in changed(job, call.body, mask).items() if key not in _OUTPUT}
        name = job["name"]
        self._all[name] = {"name": name, "state": job["state"], **self._checked(given, call.caller)}
        return self._changed(name)

    def _delete(self, call: Call) -> Answer:
        name = self._there(call)["name"]
        del self._all[name]
        self.effects.job_gone(name.rpartition("/")[2])
        return {}

    def _pause(self, call: Call) -> Answer:
        return self._switch(call, "ENABLED", "PAUSED")

    def _resume(self, call: Call) -> Answer:
        return self._switch(call, "PAUSED", "ENABLED")

    def _switch(self, call: Call, former: str, state: str) -> Answer:
        job = self._there(call)
        if job["state"] not in (former, state):
            raise unfulfilled(f"Job {job['name']} is {job['state']}.")
        job["state"] = state
        return self._changed(job["name"])

    def _run(self, call: Call) -> Answer:
        job = self._there(call)
        self.effects.run_job(job["name"].rpartition("/")[2])
        job["lastAttemptTime"] = self.project.now()
        return job

    def _changed(self, name: str) -> Answer:
        job = self._all[name]
        job["userUpdateTime"] = self.project.now()
        target = job["httpTarget"]
        self.effects.job_set(
            JobSpec(
                name.rpartition("/")[2],
                target["uri"],
                job["schedule"],
                base64.b64decode(target.get("body") or ""),
                (target.get("oidcToken") or {}).get("serviceAccountEmail", ""),
                job["state"] == "PAUSED",
            )
        )
        return job

    def _there(self, call: Call) -> dict[str, Any]:
        name = self.project.own(call.name)
        if name not in self._all:
            raise missing("Job not found.")
        return self._all[name]

    def _checked(self, given: Mapping[str, Any], caller: str) -> dict[str, Any]:
        """Return a job as Google completes it. Raises: RefusedError."""
        target = dict(given.get("httpTarget") or {})
        if not target:
            raise RefusedError("UNIMPLEMENTED", "The l3kit sandbox's Cloud Scheduler serves HTTP targets only")
        address = urlsplit(str(target.get("uri") or ""))
        if address.scheme not in ("http", "https") or not address.netloc:
            raise invalid("Job's http_target.uri must be a valid URL.", "job.http_target.uri")
        target["uri"] = (address if address.path else address._replace(path="/")).geturl()  # as the real one shows it
        if problem := problem_with_unix_cron(str(given.get("schedule") or "")):
            raise invalid(f"Schedule or time zone is invalid: {problem}", "job.schedule")
        zone = str(given.get("timeZone") or "Etc/UTC")
        try:
            ZoneInfo(zone)
        except (ZoneInfoNotFoundError, ValueError, OSError):
            raise invalid(f"Schedule or time zone is invalid: {zone!r}", "job.time_zone") from None
        if len(str(given.get("description") or "")) > MAX_DESCRIPTION:
            raise invalid(f"The description has more than {MAX_DESCRIPTION} characters.", "job.description")
        deadline = str(given.get("attemptDeadline") or "180s")
        if not MIN_DEADLINE <= float(deadline.removesuffix("s")) <= MAX_DEADLINE:
            raise invalid(
                "The value for attempt_deadline must be between 15 seconds and 30 minutes.", "job.attempt_deadline"
            )
        self._check_token(target, caller)
        target.setdefault("httpMethod", "POST")
        target["headers"] = {"User-Agent": "Google-Cloud-Scheduler", **(target.get("headers") or {})}
        retry = {**_RETRY, **(given.get("retryConfig") or {})}
        return {
            **{key: value for key, value in given.items() if value not in (None, "")},
            "httpTarget": target,
            "timeZone": zone,
            "attemptDeadline": deadline,
            "retryConfig": {key: value for key, value in retry.items() if value not in (None, 0)},
        }

    def _check_token(self, target: dict[str, Any], caller: str) -> None:
        token = target.get("oidcToken")
        if not token:
            return
        email = str(token.get("serviceAccountEmail") or "")
        if not email:
            raise invalid("The service account of the OIDC token is missing.", "job.http_target.oidc_token")
        self.accounts.check_known(email)
        self.accounts.check_acts_as(caller, email)
        target["oidcToken"] = {"audience": target["uri"], **token}
