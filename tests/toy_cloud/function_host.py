"""The side of Toybox's functions that provisioning and notebooks use: the port `FunctionHost`."""

from __future__ import annotations

import base64
from collections.abc import Iterator, Mapping
from dataclasses import asdict
from datetime import datetime
from typing import Any

import requests

from l3kit.clouds.ports.function_host import Definition, Deployed, Timer
from l3kit.clouds.ports.function_logs import LogLine
from l3kit.clouds.ports.resources import AlreadyThereError
from l3kit.errors import L3Error, ProvisioningError
from l3kit.sandbox.admin_calls import ADMIN_HEADER

ASK_SECONDS = 60.0
RUN_SECONDS = 930.0


class ToyFunctionHost:
    """The functions of the server at `endpoint`."""

    def __init__(self, endpoint: str) -> None:
        self._endpoint = endpoint
        self._session = requests.Session()
        self._session.trust_env = False

    def get(self, name: str) -> Deployed | None:
        content = self._describe(name)
        return None if content is None else _deployed(content)

    def list(self) -> list[Deployed]:
        return [_deployed(content) for content in self._ask("GET", "/functions")]

    def create(self, name: str, definition: Definition, code: bytes) -> None:
        if self._describe(name) is not None:
            raise AlreadyThereError(f"function {name}", "exists already")
        self.update(name, definition, code)

    def update(self, name: str, definition: Definition, code: bytes) -> None:
        told = {"definition": asdict(definition), "code": base64.b64encode(code).decode()}
        deployed = _deployed(self._ask("PUT", f"/functions/{name}", json=told))
        if deployed.state != "active":
            raise ProvisioningError(f"function {name}", deployed.state, "Apply again once the cause is gone")

    def delete(self, name: str) -> None:
        self._ask("DELETE", f"/functions/{name}")

    def address(self, name: str) -> str:
        content = self._describe(name)
        return str(content["url"]) if content else ""

    def timers(self, name: str) -> Mapping[str, Timer]:
        content = self._describe(name)
        jobs = content["definition"]["schedules"] if content else ()
        return {job["name"]: Timer(job["schedule"], "fired") for job in jobs}

    def log(self, name: str, since: datetime | None) -> Iterator[LogLine]:
        raise ProvisioningError(f"log of {name}", "is not kept: Toybox has no logs", "Look at what the run returns")

    def invoke(self, name: str, body: bytes, *, timeout: float) -> tuple[int, bytes]:
        content = self._describe(name)
        if content is None:
            raise ProvisioningError(f"function {name}", "is not deployed", "Run deploy_l3 first")
        headers = {"Authorization": f"Bearer {content['key']}"}
        answer = self._send("POST", content["url"], data=body, headers=headers, timeout=timeout)
        return answer.status_code, answer.content

    def fire(self, name: str, schedule: str, time: str | None = None) -> dict[str, Any]:
        asked = {"schedule": schedule, "time": time}
        return dict(self._ask("POST", f"/functions/{name}/fire", json=asked, timeout=RUN_SECONDS))

    def _describe(self, name: str) -> dict[str, Any] | None:
        found: dict[str, Any] | None = self._ask("GET", f"/functions/{name}")
        return found

    def _ask(self, method: str, path: str, *, timeout: float = ASK_SECONDS, json: Any = None) -> Any:
        """Return the answer's JSON; None if there is no such function. Raises: ProvisioningError."""
        url, headers = self._endpoint + path, {ADMIN_HEADER: "1"}
        answer = self._send(method, url, headers=headers, json=json, timeout=timeout)
        if answer.status_code == 404:
            return None
        if answer.status_code != 200:
            raise ProvisioningError(path, str(answer.json()["error"]), "Nothing was changed")
        return answer.json()

    def _send(self, method: str, url: str, **more: Any) -> requests.Response:
        try:
            return self._session.request(method, url, **more)
        except requests.RequestException as error:
            cause = f"gave no answer ({type(error).__name__})"
            raise L3Error("Toybox's functions", cause, "See `l3kit sandbox status`") from None


def _deployed(content: dict[str, Any]) -> Deployed:
    definition = Definition(**content["definition"])
    return Deployed(content["name"], content["url"], content["code_sha256"], content["state"], definition)
