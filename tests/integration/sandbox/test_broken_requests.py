"""Nothing that a client sends, or leaves half sent, ends the sandbox, costs data or shows a secret; on any port."""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import re
import secrets
import socket
import time
import uuid
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import psutil
import pytest
from azure.cosmos import CosmosClient, PartitionKey
from azure.storage.blob import generate_container_sas
from google.auth.credentials import AnonymousCredentials
from google.cloud import firestore, storage

from l3kit.clouds.azure.control.calls import blob_client
from l3kit.sandbox import SandboxState, status
from l3kit.sandbox.emulator_accounts import COSMOS_KEY, PROJECT, STORAGE_ACCOUNT, STORAGE_KEY
from l3kit.sandbox.functions.client import SandboxFunctionHost
from l3kit.sandbox.processes import session_members
from l3kit.sandbox.sessions import azure_session
from l3kit.sandbox.state import Home
from l3kit.sandbox.upstream import authorization
from tests.integration.sandbox.aws.test_function_urls import open_url
from tests.integration.sandbox.conftest import RUNTIME, make_zip
from tests.support.broken_requests import HALF, Broken, Sent, Whole, drawn, head, send_all
from tests.support.cloud_functions import azure_zip, definition, gcp_zip

pytestmark = pytest.mark.sandbox
JSON = (b"Content-Type", b"application/json")
FORM = (b"Content-Type", b"application/x-www-form-urlencoded")
FORM_DATA = (b"Content-Type", b"multipart/form-data; boundary=b")
CONTEXT = (b"X-Amz-Client-Context", b"eyJjdXN0b20iOiB7fX0=")
ADMIN = (b"X-L3kit-Sandbox", b"1")
QUERY = (b"x-ms-documentdb-isquery", b"True")
COSMOS = (JSON, (b"x-ms-documentdb-partitionkey", b'["MARK"]'), (b"Authorization", b"type%3dmaster"))
DEPLOYMENT = (
    b'--b\r\nContent-Disposition: form-data; name="definition"\r\n\r\n'
    b'{"settings": {"INTER_CLOUD_TOKEN": "x"}}\r\n--b--\r\n'
)
SEED_VARIABLE = "BROKEN_REQUESTS_SEED"
NOTED = re.compile(r"\[sandbox\] process (\d+) (.+)")
UNUSED = re.compile(r"was ended: no (?:invocation|request) for 600 s")
"""The one end of a function's process that no client brings about: that nobody asked for it."""
SPARE_FILES = 100
"""Connections between the gateway and its emulators that may stay for further use."""
FILES_OF_AN_INSTANCE = 8
"""In the gateway, of a function's process: what it prints, its Runtime API's port and connections."""
SEEDS = 8
ROUNDS = 12
"""Of each kind on each port, in one of the long runs."""


@dataclass(frozen=True)
class World:
    """A sandbox with something of its own in each service: `kept` looks whether it is there, and whether it answers."""

    state: SandboxState
    name: str
    kept: Callable[[], dict[str, Any]]
    halves: Callable[[], dict[str, list[str]]]
    templates: dict[str, list[Whole]]

    def processes(self) -> list[psutil.Process]:
        gateway = self.state.processes[0]
        return session_members(gateway.pid, gateway.created, self.state)

    def ports(self) -> dict[str, int]:
        """Every port on which a process of the sandbox listens, by name."""
        known = {int(address.split("/")[2].rpartition(":")[2]): name for name, address in self._addresses().items()}
        known |= {info.port: info.name if info.name != "cosmos" else "cosmos server" for info in self.state.processes}
        found: dict[str, int] = {}
        for process in self.processes():
            kind = next((kind for kind in ("azure", "gcp") if f"{kind}_host.py" in str(process.cmdline())), "runtime")
            for connection in process.net_connections("inet"):
                if connection.status == psutil.CONN_LISTEN:
                    port = connection.laddr.port
                    found[known.get(port, f"{kind} function")] = port
        return found

    def ends(self) -> dict[int, str]:
        """What the functions' logs say of processes that are gone, by process id."""
        logs = (path.read_text("utf-8", "replace") for path in self.state.home.joinpath("logs").rglob("*.log"))
        return {int(pid): why for log in logs for pid, why in NOTED.findall(log)}

    def _addresses(self) -> dict[str, str]:
        return {name: a if "//" in a else f"grpc://{a}" for name, a in self.state.endpoints.items()}


AZURE_APP = """
    import azure.functions as func

    app = func.FunctionApp(http_auth_level=func.AuthLevel.FUNCTION)


    @app.route(route="run")
    def run(req: func.HttpRequest) -> func.HttpResponse:
        return func.HttpResponse(str(len(req.get_body())))
"""
GCP_MAIN = "def main(request):\n    return str(len(request.get_data()))\n"
AWS_APP = "def handler(event, context):\n    return len(str(event))\n"


@pytest.fixture(scope="module")
def world(all_clouds: SandboxState, aws: Callable[[str], Any], role: str) -> World:
    state, name = all_clouds, f"kept-{uuid.uuid4().hex[:8]}"
    hot = aws("dynamodb")
    key = {"AttributeName": "id", "KeyType": "HASH"}, {"AttributeName": "id", "AttributeType": "S"}
    hot.create_table(TableName=name, KeySchema=[key[0]], AttributeDefinitions=[key[1]], BillingMode="PAY_PER_REQUEST")
    hot.put_item(TableName=name, Item={"id": {"S": "kept"}, "v": {"N": "1.50"}})
    s3 = aws("s3")
    s3.create_bucket(Bucket=name)
    s3.put_object(Bucket=name, Key="kept", Body=b"kept")
    functions = aws("lambda")
    functions.create_function(
        FunctionName=name, Runtime=RUNTIME, Role=role, Handler="app.handler", Code={"ZipFile": make_zip(AWS_APP)},
        Timeout=60,  # whatever else runs on this machine: Lambda ends a process that takes too long
    )  # fmt: skip
    open_url(aws, name)
    functions.invoke(FunctionName=name, Payload=b"{}")
    cosmos = CosmosClient(state.endpoints["cosmos"], COSMOS_KEY, enable_endpoint_discovery=False)
    items = cosmos.create_database_if_not_exists(name).create_container(name, PartitionKey("/id"))
    items.create_item({"id": "kept", "v": 1.5})
    azure = azure_session(state)
    blobs = blob_client(azure).create_container(name)
    blobs.upload_blob("kept", b"kept")
    gcs = storage.Client(
        PROJECT, AnonymousCredentials(), client_options={"api_endpoint": state.endpoints["storage"]}
    ).create_bucket(name)
    gcs.blob("kept").upload_from_string(b"kept")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("FIRESTORE_EMULATOR_HOST", state.endpoints["firestore"])
        documents = firestore.Client(project=PROJECT).collection(name)
    documents.document("kept").set({"v": 1.5})
    hosts = {cloud: SandboxFunctionHost(state.aws_endpoint, cloud) for cloud in ("azure", "gcp")}
    hosts["azure"].put(name, definition(), azure_zip(AZURE_APP))
    hosts["gcp"].put(name, definition(), gcp_zip(GCP_MAIN))

    def kept() -> dict[str, Any]:
        return {
            "dynamodb": hot.get_item(TableName=name, Key={"id": {"S": "kept"}})["Item"],
            "s3": s3.get_object(Bucket=name, Key="kept")["Body"].read(),
            "lambda": json.loads(functions.invoke(FunctionName=name, Payload=b"{}")["Payload"].read()),
            "iam": aws("iam").get_role(RoleName="sandbox-tests")["Role"]["Arn"],
            "cosmos": items.read_item("kept", "kept")["v"],
            "blob": blobs.download_blob("kept").readall(),
            "storage": gcs.blob("kept").download_as_bytes(),
            "firestore": documents.document("kept").get().to_dict(),
            "azure": hosts["azure"].invoke(name, b"abc", timeout=60),
            "gcp": hosts["gcp"].invoke(name, b"abc", timeout=60),
        }

    def halves() -> dict[str, list[str]]:
        return {
            "dynamodb": [i["id"]["S"] for i in hot.scan(TableName=name)["Items"]],
            "s3": [o["Key"] for o in s3.list_objects_v2(Bucket=name)["Contents"]],
            "cosmos": [i["id"] for i in items.read_all_items()],
            "blob": [b.name for b in blobs.list_blobs()],
            "storage": [b.name for b in gcs.list_blobs()],
        }

    with_dynamodb = status(state.home)
    assert with_dynamodb is not None
    return World(with_dynamodb, name, kept, halves, templates(name))


def templates(name: str) -> dict[str, list[Whole]]:
    """What each port understands, by the name that `World.ports` gives it."""
    text, at = name.encode(), f"/devstoreaccount1/{name}"
    put_item = json.dumps({"TableName": name, "Item": {"id": {"S": "MARK"}, "token": {"S": "x"}}}).encode()
    target = b"DynamoDB_20120810."
    dynamodb = [
        Whole(b"POST", b"/", (*signed("dynamodb"), (b"X-Amz-Target", target + b"PutItem")), put_item),
        Whole(
            b"POST",
            b"/",
            (*signed("dynamodb"), (b"X-Amz-Target", target + b"BatchExecuteStatement")),
            b'{"Statements": [{"Statement": "DELETE FROM t WHERE id=?", "Parameters": [{"S": "MARK"}]}]}',
        ),
        Whole(
            b"POST", b"/", (*signed("dynamodb"), (b"X-Amz-Target", target + b"DescribeTable")), b'{"TableName": "MARK"}'
        ),
    ]
    variables = {"Environment": {"Variables": {"INTER_CLOUD_TOKEN": "x"}}, "FunctionName": "MARK", "Runtime": RUNTIME}
    aws = [
        Whole(b"PUT", b"/" + text + b"/MARK", signed("s3"), b"a body of an object"),
        Whole(b"GET", b"/" + text + b"?list-type=2", signed("s3")),
        Whole(b"POST", b"/2015-03-31/functions/" + text + b"/invocations", (*signed("lambda"), CONTEXT), b'{"a": 1}'),
        Whole(b"POST", b"/2015-03-31/functions", signed("lambda"), json.dumps(variables).encode()),
        Whole(b"POST", b"/schedules/MARK", signed("scheduler"), b'{"ScheduleExpression": "rate(1 day)"}'),
        Whole(b"POST", b"/", (*signed("iam"), FORM), b"Action=GetUser&Version=2010-05-08"),
        Whole(b"POST", b"/", (*signed("sts"), FORM), b"Action=GetCallerIdentity&Version=2011-06-15"),
        Whole(b"POST", b"/", (*signed("logs"), (b"X-Amz-Target", b"Logs_20140328.DescribeLogGroups")), b"{}"),
    ]
    functions = [
        Whole(b"POST", b"/_fnurl/" + text + b"/", (JSON,), b"{}"),
        Whole(b"POST", b"/_azure/" + text + b"/api/run", (JSON,), b"{}"),
        Whole(b"POST", b"/_gcp/" + text, (JSON,), b"{}"),
        Whole(b"PUT", b"/_sandbox/functions/azure/MARK", (ADMIN, FORM_DATA), DEPLOYMENT),
        Whole(b"POST", b"/_sandbox/faults", (ADMIN, JSON), b'{"caller": "nobody", "action": "watch"}'),
        Whole(b"POST", b"/_sandbox/clouds", (ADMIN, JSON), b'{"cloud": "aws"}'),
        Whole(b"GET", b"/_sandbox/health"),
    ]
    cosmos = [
        Whole(b"POST", f"/dbs/{name}/colls/{name}/docs".encode(), COSMOS, b'{"id": "MARK", "token": "x"}'),
        Whole(b"POST", f"/dbs/{name}/colls/{name}/docs".encode(), (*COSMOS, QUERY), b'{"query": "SELECT * FROM c"}'),
        Whole(b"GET", b"/"),
    ]
    sas = generate_container_sas(
        STORAGE_ACCOUNT, name, account_key=STORAGE_KEY, permission="rwl", expiry=datetime.now(UTC) + timedelta(days=1)
    ).encode()
    blob = [
        Whole(b"PUT", at.encode() + b"/MARK?" + sas, ((b"x-ms-blob-type", b"BlockBlob"),), b"a body of a blob"),
        Whole(b"GET", at.encode() + b"?restype=container&comp=list&" + sas),
    ]
    gcs = b"/upload/storage/v1/b/" + text + b"/o?uploadType="
    related = (b"Content-Type", b"multipart/related; boundary=b")
    parts = b'--b\r\nContent-Type: application/json\r\n\r\n{"name": "MARK"}\r\n--b\r\n\r\ncontent\r\n--b--'
    storage_ = [
        Whole(b"POST", gcs + b"media&name=MARK", (), b"a body of an object"),
        Whole(b"POST", gcs + b"multipart", (related,), parts),
        Whole(b"POST", gcs + b"resumable", (JSON,), b'{"name": "MARK"}'),
        Whole(b"GET", b"/storage/v1/b/" + text + b"/o"),
    ]
    many = Whole(b"POST", b"/many", signed("dynamodb"), b'[{"target": "ListTables", "content": {}}]')
    return {
        "gateway": [*dynamodb, *aws, *functions],
        "moto": aws,
        "dynalite": [*dynamodb, many],
        "cosmos": cosmos,
        "cosmos server": cosmos,
        "blob": blob,
        "azurite": blob,
        "storage": storage_,
        "firestore": [Whole(b"POST", b"/google.firestore.v1.Firestore/Commit", (JSON,), b"{}")],
        "azure function": [Whole(b"POST", b"/api/run", (JSON,), b"{}")],
        "gcp function": [Whole(b"POST", b"/", (JSON,), b"{}")],
        "runtime function": [
            Whole(b"POST", b"/2018-06-01/runtime/invocation/x/response", (JSON,), b"{}"),
            Whole(b"GET", b"/2018-06-01/runtime/invocation/next"),
            Whole(b"POST", b"/2018-06-01/runtime/init/error", (JSON,), b'{"errorType": "x", "errorMessage": "x"}'),
        ],
    }


def signed(service: str) -> tuple[tuple[bytes, bytes], ...]:
    kind = (b"Content-Type", b"application/x-amz-json-1.0")
    return (b"Authorization", authorization(service).encode()), kind


def send(world: World, seed: int, rounds: int) -> tuple[list[Sent], int]:
    """Send a draw, looking at every service while the connections that it leaves open are open."""
    names = set(world.ports())
    assert names == set(world.templates), "a port that nothing is sent to, or one that is not there"

    async def meanwhile() -> None:
        assert await asyncio.to_thread(world.kept) == before

    before = world.kept()
    return asyncio.run(send_all(drawn(seed, world.templates, rounds), world.ports, meanwhile))


def told_in_logs(home: Path) -> dict[str, str]:
    """The lines of logs and of the sandbox's own files in which a secret stands."""
    files = [*home.glob("*.json"), *(path for path in (home / "logs").rglob("*") if path.is_file())]
    found = {}
    for path in files:
        text = path.read_bytes()
        if (at := text.find(b"s3cr3t")) >= 0:
            found[str(path.relative_to(home))] = text[max(0, at - 300) : at + 80].decode("utf-8", "replace")
    return found


def until(done: Callable[[], bool]) -> bool:
    deadline = time.monotonic() + 20
    while not done() and time.monotonic() < deadline:
        time.sleep(0.1)
    return done()


@dataclass(frozen=True)
class Watched:
    """The processes of a sandbox at one moment; `ended` tells which of them, or of later ones, somebody has ended."""

    world: World
    commands: dict[int, str]
    groups: dict[int, int]
    processes: list[psutil.Process]
    noted: frozenset[int]

    @classmethod
    def now(cls, world: World) -> Watched:
        found = world.processes()
        groups = {process.pid: os.getpgid(process.pid) for process in found}
        commands = {process.pid: " ".join(process.cmdline())[:200] for process in found}
        return cls(world, commands, groups, found, frozenset(world.ends()))

    def open_files(self) -> int:
        """Of those of them that live, connections among them; what more functions' processes have open is their own."""
        found = 0
        for process in self.processes:
            with contextlib.suppress(psutil.Error):
                found += process.num_fds()
        return found

    def unused(self) -> int:
        """How many have ended since because nobody had asked for them."""
        return sum(bool(UNUSED.fullmatch(why)) for pid, why in self.world.ends().items() if pid not in self.noted)

    def ended(self) -> dict[str, str]:
        """Why, by command line. A function's process that had long not been asked for is none of them."""
        told = self.world.ends()
        gone = {one.pid for one in self.processes} - {one.pid for one in self.world.processes()}
        why = {pid: told.get(pid) or told.get(self.groups[pid]) or "nothing is told of it" for pid in gone}
        why |= {pid: told[pid] for pid in told.keys() - self.noted}
        return {
            f"{pid} {self.commands.get(pid, 'started meanwhile')}": text
            for pid, text in why.items()
            if not UNUSED.fullmatch(text)
        }


def check(world: World, rounds: int, record_property: Callable[[str, object], None]) -> None:
    seed = int(os.environ.get(SEED_VARIABLE) or secrets.randbelow(10**9))
    print(f"the same draw again: {SEED_VARIABLE}={seed}")  # pytest shows it where this fails
    kept = world.kept()
    watched = Watched.now(world)
    files = watched.open_files()
    sent, left_open = send(world, seed, rounds)
    now = world.kept()
    until(lambda: not watched.ended())  # the note of an end may come a moment after it
    ended = watched.ended()
    told = [(one.port, one.broken.kind, one.around()) for one in sent if one.told]
    logged = told_in_logs(world.state.home)
    halves = [name for found in world.halves().values() for name in found if HALF.decode() in name]
    counts = {"sent": len(sent), "answered": sum(bool(one.answer) for one in sent), "open": left_open}
    counts |= {
        "ports": len(world.templates),
        "watched": len(watched.processes),
        "ended": len(ended),
        "unused": watched.unused(),
        "told": len(told) + len(logged),
        "halves": len(halves),
    }
    for name, value in counts.items():
        record_property(f"requests_{name}", value)
    assert ended == {}, "processes of the sandbox that ended"
    assert now == kept
    assert told == [], "answers with a secret"
    assert logged == {}, "secrets in logs"
    assert halves == [], "put by half a request"
    more = len(world.processes()) - len(watched.processes)
    most = files + SPARE_FILES + more * FILES_OF_AN_INSTANCE
    assert until(lambda: watched.open_files() <= most), f"{watched.open_files()} files open, {files} before"


def test_broken_requests_neither_end_anything_nor_are_told(
    world: World, record_property: Callable[[str, object], None]
) -> None:
    """Each kind once on each port."""
    check(world, 1, record_property)


def test_what_a_sandbox_writes_is_its_users_alone(world: World) -> None:
    """Every file and folder in its home, but for what is linked and what stands in functions' own zips."""
    home = Home(world.state.home)
    linked = {path for path in home.root.rglob("*") if path.is_symlink()}
    files = set(home.root.rglob("*")) - linked
    zipped = {path for path in files if "code" in path.relative_to(home.root).parts[1:-1]}
    modes = {str(path.relative_to(home.root)): oct(path.stat().st_mode & 0o777) for path in files - zipped}
    assert {name: mode for name, mode in modes.items() if mode not in ("0o600", "0o700")} == {}
    logs = {path.name.split("-")[0] for path in home.logs.rglob("*.log")}
    assert {"gateway.log", "moto.log", "dynalite.log", "azurite.log", "cosmos.log", "azure", "gcp", "kept"} <= logs


def test_a_request_that_stays_half_sent_holds_nobody_up(world: World, aws: Callable[[str], Any]) -> None:
    """The same object and the same function are changed meanwhile."""
    half = [
        Whole(b"PUT", f"/{world.name}/waited-for".encode(), signed("s3"), b"x" * 100),
        Whole(b"PUT", b"/_sandbox/functions/azure/waited-for", (ADMIN, FORM_DATA), DEPLOYMENT),
        Whole(b"POST", f"/dbs/{world.name}/colls/{world.name}/docs".encode(), COSMOS, b'{"id": "waited-for"}'),
    ]
    ports = world.ports()
    with contextlib.ExitStack() as stack:
        for whole, port in zip(half, ("gateway", "gateway", "cosmos"), strict=True):
            connection = stack.enter_context(socket.create_connection(("127.0.0.1", ports[port]), 30))
            length = (b"Content-Length", str(len(whole.body)).encode())
            connection.sendall(head(whole.method, whole.target, [*whole.headers, length]) + whole.body[:10])
        aws("s3").put_object(Bucket=world.name, Key="waited-for", Body=b"whole")
        SandboxFunctionHost(world.state.aws_endpoint, "azure").delete("waited-for")
        assert world.kept()["cosmos"] == 1.5
    assert aws("s3").get_object(Bucket=world.name, Key="waited-for")["Body"].read() == b"whole"


def test_a_port_whose_process_is_gone_is_looked_up_again() -> None:
    """A function's process ends for want of requests while another one of the same name goes on."""
    request = ("azure function", Broken("as it is", "s3cr3t", (b"GET / HTTP/1.1\r\n\r\n",)))

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readline()
        writer.write(b"answered")
        writer.close()

    async def nothing() -> None: ...

    async def send_one() -> list[Sent]:
        with socket.create_server(("127.0.0.1", 0)) as gone:
            unused = gone.getsockname()[1]
        async with await asyncio.start_server(answer, "127.0.0.1", 0) as living:
            found = [unused, living.sockets[0].getsockname()[1]]
            sent, _ = await send_all([request], lambda: {request[0]: found.pop(0)}, nothing)
        return sent

    assert [one.answer for one in asyncio.run(send_one())] == [b"answered"]


@pytest.mark.slow
@pytest.mark.parametrize("number", range(SEEDS))
def test_many_broken_requests(number: int, world: World, record_property: Callable[[str, object], None]) -> None:
    check(world, ROUNDS, record_property)
