"""Functions on Google Cloud in this process, each as its own account.

Stores are the sandbox's servers behind its guard. The functions around a function run in memory: those of Google Cloud
behind Cloud Run's check of the caller, those of other clouds as receivers.
"""

from __future__ import annotations

import contextlib
import json
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import requests
from aiohttp import web
from google.oauth2.credentials import Credentials

from l3kit.clouds.gcp.data.object_stores import GcsPlace, open_objects
from l3kit.clouds.gcp.data.stores import openers
from l3kit.clouds.gcp.data.variables import VARIABLES
from l3kit.sandbox.functions.record import Definition, FunctionRecord, Keys
from l3kit.sandbox.gcp.account import PROJECT
from l3kit.sandbox.gcp.guard import Guard
from l3kit.sandbox.gcp.identity import Tokens
from l3kit.sandbox.gcp.invokers import Invokers
from l3kit.sandbox.gcp.metadata import MetadataServer
from l3kit.tiering.ports import ObjectStore, Tier
from l3kit.tiering.runtime.functions import Function
from l3kit.tiering.settings.loading import load_settings
from l3kit.tiering.settings.tuning import Tuning
from l3kit.tiering.transfer.wire import Request
from l3kit.twin.layout import Layout
from tests.conformance.firestore_backend import running_server
from tests.conformance.gcs_backend import gcs_server
from tests.support.chain import ChainWorld
from tests.support.google_grants import MAKER, NAMES, Table
from tests.support.http_in_thread import served_in_thread
from tests.support.wire_server import TOKEN

TIERS: tuple[Tier, ...] = ("cold", "archive", "letters")
ALARM = {"condition": "twin.sensor-1.v > DOUBLE(90)", "action": {"type": "feedback", "payload": "cool down"}}


@dataclass
class Workplace:
    """The servers, and the functions of one layout at a time.

    Attributes:
        servers: variables with the servers' addresses.
        functions: where the other functions answer.
        acting: the function that runs.
    """

    tokens: Tokens
    folder: Path
    table: Table
    around: ChainWorld = field(default_factory=ChainWorld)
    servers: dict[str, str] = field(default_factory=dict)
    functions: str = ""
    acting: str = ""

    def prepare(self, table: Table) -> None:
        """Judge by this table from now on, with other functions for its layout."""
        self.table, layout = table, table.layout
        events = [ALARM] if layout.events else []
        self.around = ChainWorld(layout.l1 or "gcp", layout.l2 or "gcp", layout.hot, events)

    def refusal(self, email: str | None, permission: str, resource: str) -> str | None:
        """Judge by the present table."""
        return self.table.refusal(email, permission, resource)

    def function(self, name: str) -> Function:
        """A function in a new instance."""
        self.acting, layout = name, self.table.layout
        stores = {variable: NAMES.store(store) for store, variable in VARIABLES.stores.items()}
        peers = {variable: f"{self.functions}/{called}" for called, variable in VARIABLES.peers.items()}
        remote = {
            "REMOTE_INGESTION_URL": f"{self.functions}/ingestion",
            "REMOTE_WRITER_URL": f"{self.functions}/writer",
            "REMOTE_FEEDBACK_URL": f"{self.functions}/feedback-receiver",
            "RECEIVER_LIMIT_BYTES": "",
            "RECEIVER_LIMIT_COUNTS": "",
            "INTER_CLOUD_TOKEN": TOKEN,
        }
        own = {"GOOGLE_CLOUD_PROJECT": PROJECT, "FIRESTORE_DATABASE": NAMES.database()}
        own |= {"FUNCTION_TIMEOUT_SECONDS": "600", "DIGITAL_TWIN_INFO": json.dumps(self.around.info)}
        known = {**stores, **peers, **remote, **own}
        env = {name: known[name] for name in layout.variables_of(name, "gcp")}
        env |= {**self.servers, "K_SERVICE": name}
        settings = load_settings(name, env, cloud=VARIABLES, root=self.folder)
        return Function(settings, openers(Tuning(), env))

    @contextlib.asynccontextmanager
    async def objects(self, tier: Tier) -> AsyncIterator[ObjectStore]:
        """A store of the twin, opened by the one who may do everything."""
        token = self.tokens.access_token(MAKER)
        place = GcsPlace(PROJECT, self.servers["STORAGE_EMULATOR_HOST"], credentials=lambda: Credentials(token))
        store = open_objects(NAMES.store(tier), tier, place)
        try:
            yield store
        finally:
            await store.close()

    async def caller(self, request: web.Request) -> str:
        return self.acting

    async def answer(self, request: web.Request) -> web.Response:
        """Answer as another function, after Cloud Run's check if it is on this cloud."""
        name, body = request.path.strip("/"), await request.read()
        if name in self.table.layout.peers_of(self.acting):
            record = _record(NAMES.function(name))
            invokers = Invokers(self.tokens, self)
            refused = invokers.refusal(request, record, f"{self.functions}/{name}")
            return refused or web.Response(body=await self.around.call(name, body))
        response = await self.around.started(name).receiver().handle(Request(dict(request.headers), body))
        return web.json_response(dict(response.body), status=response.status)


def _record(name: str) -> FunctionRecord:
    return FunctionRecord("gcp", name, Definition({}, {}, 60, False, ()), "", Path(), Path(), Keys())


@contextmanager
def workplace(folder: Path) -> Iterator[Workplace]:
    """Run the servers until the block ends."""
    tokens = Tokens()
    made = Workplace(tokens, folder, Table(Layout("gcp", "gcp", "gcp")))
    guard = Guard(tokens, made)
    metadata = MetadataServer(tokens, made.caller, NAMES.email)
    with (
        running_server(guard=guard, databases=[f"projects/{PROJECT}/databases/{NAMES.database()}"]) as firestore,
        gcs_server(folder / "gcs", guard=guard) as storage,
        served_in_thread(metadata.serve) as host,
        served_in_thread(made.answer) as made.functions,
    ):
        headers = {"Authorization": f"Bearer {tokens.access_token(MAKER)}"}
        for tier in TIERS:
            url, body = f"{storage}/storage/v1/b?project={PROJECT}", {"name": NAMES.store(tier)}
            assert requests.post(url, json=body, headers=headers, timeout=60).status_code == 200
        made.servers = {
            "GCE_METADATA_HOST": host.removeprefix("http://"),
            "FIRESTORE_EMULATOR_HOST": firestore,
            "STORAGE_EMULATOR_HOST": storage,
        }
        yield made
