"""Azure's platform of functions: its rules, and the calls of Event Hubs triggers."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from urllib.parse import quote

from multidict import CIMultiDict

from l3kit.sandbox.azure.account import NAME
from l3kit.sandbox.azure.function_host import EVENTS_PATH, KEY_VARIABLE, MASTER_VARIABLE, PREFIX_HEADER
from l3kit.sandbox.azure.trigger import Trigger
from l3kit.sandbox.functions.cron_fields import problem_with_ncrontab
from l3kit.sandbox.functions.instance import StartError
from l3kit.sandbox.functions.platform import Call, Failures, Limits, Names, Platform
from l3kit.sandbox.functions.record import FunctionRecord
from l3kit.sandbox.functions.runs import run
from l3kit.sandbox.functions.service import CloudFunctions


def variables(record: FunctionRecord, instance_id: str) -> Mapping[str, str]:
    """Return the variables of an app; its host removes both keys from the environment before it loads the app."""
    return {
        "FUNCTIONS_WORKER_RUNTIME": "python",
        "FUNCTIONS_EXTENSION_VERSION": "~4",
        "WEBSITE_SITE_NAME": record.name,
        "WEBSITE_INSTANCE_ID": instance_id,
        KEY_VARIABLE: record.keys.function,
        MASTER_VARIABLE: record.keys.master,
    }


def fire(record: FunctionRecord, timer: str, due: str) -> Call:
    """Return the admin call that runs a timer; a timer is not given the time at which it was due."""
    return Call("POST", f"/admin/functions/{quote(timer, safe='')}", _admin_headers(record), b'{"input": ""}')


def set_prefix(record: FunctionRecord, headers: CIMultiDict[str]) -> None:
    """Add the path of the app's address, for the urls that it is given."""
    headers[PREFIX_HEADER] = record.path


def _admin_headers(record: FunctionRecord) -> Mapping[str, str]:
    return {"x-functions-key": record.keys.master, "Content-Type": "application/json"}


PLATFORM = Platform(
    NAME,
    host=Path(__file__).with_name("function_host.py"),
    files=("function_app.py", "host.json", "requirements.txt"),
    limits=Limits(
        zip_bytes=1024**3,
        unpacked_bytes=1024**3,  # the sandbox's own: Azure documents none
        request_bytes=100 * 1024 * 1024,  # HTTP trigger limits
        answer_bytes=None,
        timeout=600,  # of a run on the Consumption plan
        http_seconds=230.0,  # the load balancer's
    ),
    names=Names(
        function=re.compile(r"[a-z0-9](?:[a-z0-9-]{0,58}[a-z0-9])"),
        setting=re.compile(r"[A-Za-z0-9_.]+"),
        reserved=re.compile(r"(?:FUNCTIONS_|WEBSITE_|AZURE_FUNCTIONS_|PYTHON|L3KIT_SANDBOX_).*"),
    ),
    failures=Failures(not_started=(503, "Function host is not running."), ended=(502, None), timed_out=(500, None)),
    schedule_problem=problem_with_ncrontab,
    exit_seconds=10.0,
    variables=variables,
    fire=fire,
    headers=set_prefix,
    no_jobs="Azure's timers are defined in the function's code, not in its definition",
    ends_overruns=True,
)


class FunctionApps:
    """The Event Hubs triggers of the deployed apps."""

    def __init__(self, functions: CloudFunctions) -> None:
        self._functions = functions

    async def trigger(self, app: str) -> Trigger | None:
        """Return an app's Event Hubs trigger; None if the app does not exist, does not start or has none."""
        deployment = self._functions.deployed(NAME, app)
        if deployment is None:
            return None
        try:
            described = (await deployment.instance()).ready.get("trigger")
        except StartError as error:
            self.note(app, f"it did not start: {error}")
            return None
        return Trigger(**described) if described else None

    async def run(self, app: str, events: bytes) -> bool:
        """Call an app's Event Hubs trigger. Returns: whether it returned.

        Raises: KeyError if there is no such app; StartError; EndedError; TimedOutError; TooLargeError.
        """
        deployment = self._functions.deployed(NAME, app)
        if deployment is None:
            raise KeyError(app)
        instance = await deployment.instance()
        answer = await run(instance, "POST", EVENTS_PATH, _admin_headers(instance.record), events)
        return answer.status == 200

    def note(self, app: str, text: str) -> None:
        """Write a line into an app's log."""
        self._functions.note(NAME, app, text)
