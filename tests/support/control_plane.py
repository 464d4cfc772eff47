"""Google's control plane in memory for tests: requests handed to the double without a server, with faults at each."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import requests
from google.auth.credentials import AnonymousCredentials

from l3kit.clouds.gcp.control.functions import CloudRunFunctions
from l3kit.clouds.gcp.control.google_api import GoogleApi
from l3kit.clouds.gcp.control.place import Place
from l3kit.clouds.gcp.control.topics import PubSub
from l3kit.clouds.gcp.session import GcpSession
from l3kit.clouds.shared.patience import Patience
from l3kit.sandbox.gcp.control.answers import ControlRequest
from l3kit.sandbox.gcp.control.settings import PlaneSettings
from tests.support.google_memory import OWNER, MemoryEffects, memory_plane

PROJECT, REGION = "memory-project", "us-central1"
START = 1_795_000_000.0
"""Seconds since 1970 at which the time of a test begins."""


class Killed(BaseException):
    """The process ends here."""


@dataclass
class Time:
    """A clock that only sleeping moves."""

    now: float = START

    def sleep(self, seconds: float) -> None:
        self.now += seconds

    def clock(self) -> float:
        return self.now


@dataclass(frozen=True, slots=True)
class Answered:
    """An answer as `GoogleApi` reads it."""

    status_code: int
    headers: Mapping[str, str]
    content: bytes


@dataclass
class Fault:
    """What happens at the n-th request that changes something: `before` or `after` it the process ends, `lost` loses
    its answer.

    Attributes:
        statuses: refusals that come instead of it, one each time it is sent.
    """

    number: int = -1
    kind: str = ""
    statuses: list[int] = field(default_factory=list)


_ASKING = (":getIamPolicy", ":testIamPermissions", ":generateIdToken", "entries:list", ":listCollectionIds")
"""Ends of paths of POSTs that change nothing."""


class PlaneHttp:
    """A session whose requests go to a control plane in memory, as its owner unless somebody else is named."""

    def __init__(self, plane: Any, loop: asyncio.AbstractEventLoop, email: str = OWNER) -> None:
        self._email = email
        self._plane = plane
        self._loop = loop
        self._lock = threading.Lock()
        self.asked: list[str] = []
        self.changes: list[str] = []
        self.fault = Fault()

    def request(self, method: str, url: str, **more: Any) -> Answered:
        parts = urlsplit(url)
        with self._lock:
            self.asked.append(f"{method} {parts.netloc}{parts.path}")
            if method == "GET" or parts.path.endswith(_ASKING):
                return self._handled(method, url, more)
            self.changes.append(self.asked[-1])
            if len(self.changes) - 1 == self.fault.number:
                return self._at_fault(method, url, more)
            return self._handled(method, url, more)

    def forget(self) -> None:
        """Count from here on."""
        self.asked.clear()
        self.changes.clear()

    def _at_fault(self, method: str, url: str, more: Mapping[str, Any]) -> Answered:
        fault, self.fault = self.fault, Fault()
        if fault.statuses:
            status, *rest = fault.statuses
            self.fault = Fault(len(self.changes), fault.kind, rest) if rest else Fault()
            return Answered(status, {"Retry-After": "1"}, b"")
        if fault.kind == "before":
            raise Killed
        answer = self._handled(method, url, more)
        if fault.kind == "after":
            raise Killed
        if fault.kind == "lost":
            raise requests.ConnectionError
        return answer

    def _handled(self, method: str, url: str, more: Mapping[str, Any]) -> Answered:
        parts = urlsplit(url)
        headers = dict(more.get("headers") or {})
        if "Signature=" not in parts.query:  # addresses of uploads authorize by themselves
            headers["Authorization"] = f"Bearer token-of:{self._email}"
        service, path = parts.netloc, parts.path.lstrip("/")
        query = tuple(parse_qsl(parts.query, keep_blank_values=True))
        request = ControlRequest(service, method, path, query, headers, more.get("data") or b"")
        answer = self._loop.run_until_complete(self._plane.handle(request))
        return Answered(answer.status, answer.headers, answer.body)


class Cloud:
    """A project of Google Cloud in memory, with a session on it."""

    def __init__(self, settings: PlaneSettings | None = None) -> None:
        self.time = Time()
        self.effects = MemoryEffects()
        self.loop = asyncio.new_event_loop()
        self.plane = memory_plane(
            self.time.clock, self.effects, settings or PlaneSettings(), project=PROJECT, region=REGION
        )
        self.http = PlaneHttp(self.plane, self.loop)
        self.patience = Patience(sleep=self.time.sleep, clock=self.time.clock, random=lambda: 0.5)
        self.control = GoogleApi(
            "https://{}".format,
            self.http,
            sleep=self.time.sleep,
            clock=self.time.clock,
            random=lambda: 0.5,
            plain=self.http,
        )
        self.place = Place(self.control, PROJECT, REGION, self.patience)

    def session(self) -> GcpSession:
        functions, messages = CloudRunFunctions(self.place), PubSub(self.place)
        credentials = AnonymousCredentials()
        return GcpSession(PROJECT, REGION, None, None, functions, messages, self.control, credentials, self.patience)

    def change(self, **settings: Any) -> None:
        """Change settings of the project, as its owner or its organization does."""
        self.plane.project.settings = replace(self.plane.project.settings, **settings)

    def close(self) -> None:
        self.loop.close()
