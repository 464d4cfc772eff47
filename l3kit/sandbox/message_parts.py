"""Assembly of the message sources for a gateway."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from urllib.parse import quote

import aiohttp
from yarl import URL

from l3kit.sandbox.aws.account import NAME as AWS
from l3kit.sandbox.aws.iot_data import IotData
from l3kit.sandbox.aws.lambda_api import LambdaApi
from l3kit.sandbox.aws.rule_errors import RuleErrors
from l3kit.sandbox.aws.topic_rules import TopicRules
from l3kit.sandbox.azure.account import NAME as AZURE
from l3kit.sandbox.azure.event_hub import EventHub
from l3kit.sandbox.azure.iot_hub import IotHub
from l3kit.sandbox.emulators import Emulator
from l3kit.sandbox.faults.messages import MessageFaults
from l3kit.sandbox.functions.front import PREFIXES
from l3kit.sandbox.functions.process import note
from l3kit.sandbox.functions.service import CloudFunctions
from l3kit.sandbox.gcp.account import NAME as GCP
from l3kit.sandbox.gcp.push import PushSubscriptions
from l3kit.sandbox.messages.broker import Broker
from l3kit.sandbox.messages.message import Source
from l3kit.sandbox.messages.routes import Routes
from l3kit.sandbox.messages.sources import MessageSources
from l3kit.sandbox.state import Home


class MessageParts:
    """The broker, and for each cloud its message source and its feedback to devices.

    Args:
        endpoint: the gateway's address.
        session: for requests to functions and to Cloud Storage.
        rule_errors: carries out the error actions of topic rules.
        storage: returns Cloud Storage's address; "" while it has not been started.
        started: called once the broker accepts connections.
    """

    def __init__(
        self,
        home: Home,
        endpoint: str,
        session: aiohttp.ClientSession,
        lambdas: LambdaApi,
        functions: CloudFunctions,
        faults: MessageFaults,
        rule_errors: RuleErrors,
        storage: Callable[[], str],
        started: Callable[[Emulator], None],
    ) -> None:
        broker = Broker(home, endpoint, started)
        routes = {AZURE: Routes(), GCP: Routes()}
        hub = EventHub(routes[AZURE], functions, faults, lambda name, text: functions.note(AZURE, name, text))
        push = PushSubscriptions(
            routes[GCP],
            PushEndpoints(endpoint, session, lambda name: functions.key_of(GCP, name), storage),
            faults,
            lambda name, text: functions.note(GCP, name, text),
        )
        self.topic_rules = TopicRules(
            lambdas.record,
            lambdas.events.accept,
            lambda: lambdas.events.pending,
            lambdas.note,
            rule_errors,
            broker.begin,
        )
        sources: dict[str, Source] = {AWS: self.topic_rules, AZURE: hub, GCP: push}
        self.sources = MessageSources(broker, sources, routes, _noted_in(home.log("messages")))
        self.iot_data = IotData(self.sources.take, broker.publish)
        self.iot_hub = IotHub(routes[AZURE].twins, broker.publish)


class PushEndpoints:
    """The public addresses of functions of Google Cloud, and Cloud Storage."""

    def __init__(
        self,
        endpoint: str,
        session: aiohttp.ClientSession,
        key_of: Callable[[str], str | None],
        storage: Callable[[], str],
    ) -> None:
        self._endpoint = endpoint
        self._session = session
        self._key_of = key_of
        self._storage = storage

    async def push(self, function: str, headers: Mapping[str, str], body: bytes) -> int:
        """Post to a function as a permitted invoker. Returns: the status; 0 if there was no answer."""
        sent = {**headers, "Authorization": f"Bearer {self._key_of(function) or 'nobody'}"}
        return await self._post(f"{self._endpoint}{PREFIXES[GCP]}{quote(function, safe='')}/", sent, body)

    async def store(self, bucket: str, name: str, content: bytes) -> int:
        """Create an object in Cloud Storage. Returns: the status; 0 if there was no answer."""
        if not self._storage():
            return 0
        path = f"/upload/storage/v1/b/{quote(bucket, safe='')}/o?uploadType=media&name={quote(name, safe='')}"
        return await self._post(self._storage() + path, {"Content-Type": "text/plain"}, content)

    async def _post(self, url: str, headers: Mapping[str, str], body: bytes) -> int:
        try:
            async with self._session.post(URL(url, encoded=True), headers=headers, data=body) as answer:
                await answer.read()
                return answer.status
        except (aiohttp.ClientError, OSError):
            return 0


def _noted_in(log: Path) -> Callable[[str], None]:
    def write(text: str) -> None:
        try:
            note(log, text)
        except OSError:
            print("a refused message could not be noted: the disk is full", flush=True)

    return write
