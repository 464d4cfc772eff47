"""Clients of the sandbox's functions: to fire their schedules, and to deploy those of the admin API."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any
from urllib.parse import quote

import requests

from l3kit.clouds.ports.function_host import Definition, Deployed, Timer
from l3kit.clouds.ports.function_logs import LogLine
from l3kit.clouds.ports.resources import AlreadyThereError
from l3kit.clouds.shared.log_text import log_line
from l3kit.errors import L3Error, ProvisioningError
from l3kit.twin.naming import LABEL_TWIN

ADMIN = {"X-L3kit-Sandbox": "1"}
DEPLOY_SECONDS = 700.0
ASK_SECONDS = 60.0


@dataclass(frozen=True, slots=True)
class Entrance:
    """The place of a function's key in a call of it from outside.

    Attributes:
        path: path of the call, after the function's url.
        header: its name; its value is the key.
        parameter: query parameter for it in the address that the cloud shows; empty if that is the url alone.
    """

    path: str
    header: str
    parameter: str = ""


class SandboxFunctions:
    """The functions of one cloud in the sandbox with its gateway at `endpoint`, and their schedules."""

    def __init__(self, endpoint: str, cloud: str) -> None:
        self._base = f"{endpoint}/_sandbox/functions/{cloud}"
        self._cloud = cloud
        self._session = requests.Session()
        self._session.trust_env = False

    def list(self) -> list[Deployed]:
        """Return all functions of this cloud, by name. Raises: ProvisioningError."""
        answer = self._ask("GET", self._base)
        if answer.status_code != 200:
            raise ProvisioningError(f"functions on {self._cloud}", _refusal_text(answer))
        return [_deployed(content) for content in answer.json()]

    def fire(self, name: str, schedule: str, time: str | None = None) -> dict[str, Any]:
        """Run the target of this schedule, and wait for its end.

        Args: time: when it was due, ISO 8601; None for now.
        Returns: `status`, `body` and `log_tail`. Raises: L3Error.
        """
        body = json.dumps({"schedule": schedule, "time": time})
        answer = self._ask("POST", f"{self._address(name)}/fire", data=body, timeout=DEPLOY_SECONDS)
        if answer.status_code != 200:
            raise L3Error(f"schedule {schedule} of {name}", _refusal_text(answer))
        return dict(answer.json())

    def timers(self, name: str) -> dict[str, Timer]:
        """Return the schedules that start this function, by name; empty if it has none or is not deployed."""
        content = self._describe(name)
        if content is None:
            return {}
        jobs = {job["name"]: job["schedule"] for job in content["definition"]["schedules"]}
        return {timer: Timer(given, "fired") for timer, given in {**content["timers"], **jobs}.items()}

    def _describe(self, name: str) -> dict[str, Any] | None:
        answer = self._ask("GET", self._address(name))
        if answer.status_code == 404:
            return None
        if answer.status_code != 200:
            raise ProvisioningError(f"function {name}", _refusal_text(answer))
        return dict(answer.json())

    def _address(self, name: str) -> str:
        return f"{self._base}/{quote(name, safe='')}"

    def _ask(self, method: str, url: str, **more: Any) -> requests.Response:
        return self._send(method, url, headers=ADMIN, **{"timeout": ASK_SECONDS, **more})

    def _send(self, method: str, url: str, **more: Any) -> requests.Response:
        try:
            return self._session.request(method, url, **more)
        except requests.RequestException as error:
            raise L3Error(
                "sandbox functions", f"gave no answer ({type(error).__name__})", "See `l3kit sandbox status`"
            ) from None


class SandboxFunctionHost(SandboxFunctions):
    """The port `FunctionHost` where the sandbox's admin API deploys functions."""

    def __init__(self, endpoint: str, cloud: str, entrance: Entrance) -> None:
        super().__init__(endpoint, cloud)
        self._entrance = entrance

    def get(self, name: str) -> Deployed | None:
        content = self._describe(name)
        return None if content is None else _deployed(content)

    def create(self, name: str, definition: Definition, code: bytes) -> None:
        if self._describe(name) is not None:
            raise AlreadyThereError(f"function {name}", "exists already")
        self.put(name, definition, code)

    def update(self, name: str, definition: Definition, code: bytes) -> None:
        self.put(name, definition, code)

    def put(self, name: str, definition: Definition, code: bytes) -> Deployed:
        """Create or replace the function. Raises: ProvisioningError if it is refused, or does not start."""
        files = {
            "definition": (None, json.dumps(_wire_form(definition))),
            "code": ("code.zip", code, "application/zip"),
        }
        answer = self._ask("PUT", self._address(name), files=files, timeout=DEPLOY_SECONDS)
        if answer.status_code != 200:
            raise ProvisioningError(f"function {name}", _refusal_text(answer), "Nothing of it was changed")
        deployed = _deployed(answer.json())
        if deployed.state != "active":
            raise ProvisioningError(f"function {name}", deployed.state, "Apply again once the cause is gone")
        return deployed

    def delete(self, name: str) -> None:
        answer = self._ask("DELETE", self._address(name))
        if answer.status_code not in (200, 404):
            raise ProvisioningError(f"function {name}", _refusal_text(answer))

    def invoke(self, name: str, body: bytes, *, timeout: float) -> tuple[int, bytes]:
        """Call it with its key, as a permitted caller does."""
        content = self._describe(name)
        if content is None:
            raise ProvisioningError(f"function {name}", "is not deployed", "Run deploy_l3 first")
        entrance = self._entrance
        url = f"{content['url']}{entrance.path}"
        headers = {entrance.header: str(content["key"]), "Content-Type": "application/json"}
        answer = self._send("POST", url, data=body, headers=headers, timeout=timeout)
        return answer.status_code, answer.content

    def address(self, name: str) -> str:
        content = self._describe(name)
        if content is None:
            return ""
        url, entrance = str(content["url"]), self._entrance
        shown = f"{url}{entrance.path}?{entrance.parameter}={quote(content['key'], safe='')}"
        return shown if entrance.parameter else url

    def log(self, name: str, since: datetime | None) -> Iterator[LogLine]:
        """Read its processes' output, and the sandbox's notes on them, page by page."""
        asked: dict[str, Any] = {} if since is None else {"since": since.isoformat()}
        while True:
            answer = self._ask("GET", f"{self._address(name)}/log", params=asked)
            if answer.status_code == 404:
                raise ProvisioningError(f"log of {name}", "does not exist", "Apply the twin; its function makes it")
            if answer.status_code != 200:
                raise ProvisioningError(f"log of {name}", _refusal_text(answer))
            page = answer.json()
            for line in page["lines"]:
                yield log_line(str(line["at"]), datetime.fromisoformat(line["moment"]), line["text"])
            if page["after"] is None:
                return
            asked["after"] = page["after"]


def _wire_form(definition: Definition) -> dict[str, Any]:
    fields = asdict(definition)
    owner = fields.pop("owner")
    fields["labels"] = {LABEL_TWIN: owner, "l3kit-managed": "true"} if owner else {}
    # The sandbox refuses what it does not know, so what is left to the cloud is not sent.
    return {name: value for name, value in fields.items() if name not in ("memory_mb", "identity", "callers") or value}


def _deployed(content: dict[str, Any]) -> Deployed:
    fields, state = content["definition"], content["state"]
    owner = fields["labels"].get(LABEL_TWIN, "")
    definition = Definition(
        fields["python"], fields["settings"], owner, fields["timeout"], fields["public"], fields["schedules"]
    )
    state = state if state == "active" else f"it is {state}"
    return Deployed(content["name"], content["url"], content["code_sha256"], state, definition)


def _refusal_text(answer: requests.Response) -> str:
    try:
        return str(answer.json()["error"])
    except (ValueError, KeyError, TypeError):
        return f"was answered {answer.status_code}"
