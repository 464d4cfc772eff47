"""Hot stores of the three clouds of which one call fails, before or after it takes effect: once, or as in a crash."""

from __future__ import annotations

import asyncio
import uuid
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Literal

from azure.cosmos import PartitionKey

from l3kit.clouds.aws.data.client import AwsClient
from l3kit.clouds.aws.data.credentials import Credentials
from l3kit.clouds.aws.data.dynamodb import DynamoTable
from l3kit.clouds.aws.data.hot_store import DynamoHotStore
from l3kit.clouds.aws.data.http import HttpClient
from l3kit.clouds.azure.control.calls import cosmos_client
from l3kit.clouds.azure.data.cosmos import CosmosContainer
from l3kit.clouds.azure.data.cosmos_place import CosmosPlace
from l3kit.clouds.azure.data.hot_store import CosmosHotStore
from l3kit.clouds.gcp.data.firestore_client import FirestoreClient
from l3kit.clouds.gcp.data.hot_store import FirestoreHotStore
from l3kit.sandbox import SandboxState
from l3kit.sandbox.aws.account import ACCESS_KEY, REGION, SECRET_KEY
from l3kit.sandbox.azure.part import azure_session
from l3kit.sandbox.gcp.part import gcp_session
from l3kit.tiering.ports import HotStore, Usage
from l3kit.tiering.retry import Passing, RetryPolicy

DATABASE = "faults"
Action = Literal["lost_before", "lost_after", "crash_before", "crash_after", "none"]
ACTIONS: tuple[Action, ...] = ("lost_before", "lost_after", "crash_before", "crash_after")


class Crash(Exception):
    """The process ends here."""


@dataclass
class Fault:
    """What happens to the `at`-th call, from 1. `calls`: so many there were."""

    action: Action = "none"
    at: int = 0
    calls: int = 0

    async def around(self, send: Callable[[], Any]) -> Any:
        self.calls += 1
        due = self.action if self.calls == self.at else "none"
        if due == "crash_before":
            raise Crash
        if due == "lost_before":
            return Passing("the connection was refused")
        outcome = await send()
        if due == "crash_after":
            raise Crash
        return Passing("the answer was lost") if due == "lost_after" else outcome


async def at_once(seconds: float) -> None:
    await asyncio.sleep(0)


QUICK = RetryPolicy(sleep=at_once)


class FaultyAws(AwsClient):
    fault: Fault

    async def attempt(self, *args: Any, **kwargs: Any) -> Any:
        send = super().attempt
        return await self.fault.around(lambda: send(*args, **kwargs))


class FaultyCosmos(CosmosContainer):
    fault: Fault

    async def attempt(self, *args: Any, **kwargs: Any) -> Any:
        send = super().attempt
        return await self.fault.around(lambda: send(*args, **kwargs))


class FaultyFirestore(FirestoreClient):
    fault: Fault

    async def attempt(self, *args: Any, **kwargs: Any) -> Any:
        send = super().attempt
        return await self.fault.around(lambda: send(*args, **kwargs))


Open = Callable[[Fault], HotStore]
"""Opens the same place with a fault; requests go one after the other."""


def new_place(cloud: str, state: SandboxState, aws: Callable[[str], Any]) -> Open:
    """An empty hot store of a cloud."""
    name = f"faults-{uuid.uuid4().hex[:12]}"
    return {"aws": _aws, "azure": _azure, "gcp": _gcp}[cloud](name, state, aws)


def _aws(name: str, state: SandboxState, aws: Callable[[str], Any]) -> Open:
    keys = ("iotDeviceId", "id")
    aws("dynamodb").create_table(
        TableName=name,
        KeySchema=[{"AttributeName": k, "KeyType": t} for k, t in zip(keys, ("HASH", "RANGE"), strict=True)],
        AttributeDefinitions=[{"AttributeName": key, "AttributeType": "S"} for key in keys],
        BillingMode="PAY_PER_REQUEST",
    )
    credentials = Credentials(ACCESS_KEY, SECRET_KEY)

    def opened(fault: Fault) -> HotStore:
        http = HttpClient(state.gateway, max_connections=4)
        client = FaultyAws("dynamodb", REGION, http, lambda: credentials, Usage(), retry=QUICK)
        client.fault = fault
        return DynamoHotStore(DynamoTable(name, client), delete_concurrency=1)

    return opened


def _azure(name: str, state: SandboxState, aws: Callable[[str], Any]) -> Open:
    session = azure_session(state)
    cosmos_client(session).create_database_if_not_exists(DATABASE).create_container(name, PartitionKey("/iotDeviceId"))
    place = CosmosPlace(session.cosmos_endpoint, DATABASE, session.cosmos_key, retry=QUICK)

    def opened(fault: Fault) -> HotStore:
        container = FaultyCosmos(place, name, Usage(), timeout=30, connections=4)
        container.fault = fault
        return CosmosHotStore(container, delete_concurrency=1)

    return opened


def _gcp(name: str, state: SandboxState, aws: Callable[[str], Any]) -> Open:
    session = gcp_session(state)

    def opened(fault: Fault) -> HotStore:
        client = FaultyFirestore(
            session.project,
            "(default)",
            session.firestore_endpoint,
            "l3kit",
            denied="",
            retry=QUICK,
            credentials=lambda: session.credentials,
        )
        client.fault = fault
        return FirestoreHotStore(name, client, delete_concurrency=1)

    return opened
