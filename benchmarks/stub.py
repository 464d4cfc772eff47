"""A fast local server for DynamoDB's and S3's wire protocols, with optional latency.

`python -m benchmarks.stub --items 30000` prints its port and serves 127.0.0.1 until its standard input closes, so that
it never outlives the benchmark. `GET /_bench/counts`, `units`, `limits`, `verdict` and `telemetry` return request
counts, capacity units, what was taken of each partition and throttled, the result of a move, and how many items the
table has, exactly or altered. Throughput is limited as documented (`benchmarks.rates`), unless `--limits off`.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import gc
import hashlib
import sys
import zlib
from collections import Counter
from collections.abc import Mapping

import orjson

from benchmarks.dataset import DEVICES
from benchmarks.rates.dynamodb import ON_DEMAND, PROVISIONED_FORM, limits_of
from benchmarks.rates.objects import OBJECT_STORES, S3, ObjectBudget
from benchmarks.stub_expressions import Refused
from benchmarks.stub_limits import Meter
from benchmarks.stub_objects import Answer, Objects, error
from benchmarks.stub_tables import Tables
from benchmarks.verify import telemetry, verify

STORE_BYTES_PER_SECOND = 75_000_000
"""Throughput of one connection from a function to S3, for the additional latency of an object's body."""
_REASONS = {200: "OK", 204: "No Content", 400: "Bad Request", 404: "Not Found", 412: "Precondition Failed"}


class Store:
    """The stub's data, and the latency of its responses in seconds.

    Args:
        objects: what is left of the object store's request rates; None has no limits.
    """

    def __init__(
        self, tables: Tables, database_seconds: float, object_seconds: float, objects: ObjectBudget | None = None
    ) -> None:
        self.tables = tables
        self.objects = Objects()
        self._rates = objects
        self.counts: Counter[str] = Counter()
        self._database_seconds = database_seconds
        self._object_seconds = object_seconds

    def handle(self, method: str, target: str, headers: Mapping[str, str], body: bytes) -> tuple[bytes, float]:
        """Build the response, and its delay in seconds."""
        if target.startswith("/_bench/"):
            return _render(Answer(200, {}, orjson.dumps(self._tell(target)))), 0.0
        if operation := headers.get("x-amz-target"):
            return self._database(operation.rpartition(".")[2], body), self._database_seconds
        self.counts[f"S3 {method}"] += 1
        answer = self._refusal(method, target) or self.objects.answer(method, target, headers, body)
        delay = self._object_seconds
        if delay:
            delay += max(len(body), len(answer.body)) / STORE_BYTES_PER_SECOND
        return _render(answer), delay

    def _refusal(self, method: str, target: str) -> Answer | None:
        """The answer to a request that exceeds the object store's rates."""
        if self._rates is None:
            return None
        bucket, _, name = target.partition("?")[0].lstrip("/").partition("/")
        if self._rates.take(method, bucket, name, self.tables.meter.clock()):
            return None
        self.tables.meter.throttle(f"S3 {method}")
        return error(self._rates.rates.status, self._rates.rates.code)

    def _database(self, operation: str, body: bytes) -> bytes:
        self.counts[operation] += 1
        status = 200
        try:
            content = self.tables.answer(operation, body)
        except Refused as refused:
            status = 400
            kind = f"com.amazonaws.dynamodb.v20120810#{refused.kind}"
            content = orjson.dumps({"__type": kind, "message": str(refused), **refused.more})
        headers = {"content-type": "application/x-amz-json-1.0", "x-amz-crc32": str(zlib.crc32(content))}
        return _render(Answer(status, headers, content))

    def _tell(self, target: str) -> object:
        if target == "/_bench/counts":
            return dict(self.counts)
        if target == "/_bench/units":
            return self.tables.meter.units
        if target == "/_bench/limits":
            return self.tables.meter.to_json()
        if target == "/_bench/telemetry":
            return telemetry(self.tables.partitions)
        return verify(self.tables.partitions, self.objects.stored.items()).to_json()


class Connection(asyncio.Protocol):
    """HTTP/1.1 with keep-alive, sequential requests, bodies with Content-Length."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._buffer = bytearray()
        self._head: tuple[str, str, dict[str, str]] | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport

    def data_received(self, data: bytes) -> None:
        self._buffer += data
        while self._head is not None or self._read_head():
            assert self._head is not None
            method, target, headers = self._head
            length = int(headers.get("content-length", 0))
            if len(self._buffer) < length:
                return
            body = bytes(self._buffer[:length])
            del self._buffer[:length]
            self._head = None
            answer, delay = self._store.handle(method, target, headers, body)
            if delay:
                asyncio.get_running_loop().call_later(delay, self._transport.write, answer)
            else:
                self._transport.write(answer)

    def _read_head(self) -> bool:
        end = self._buffer.find(b"\r\n\r\n")
        if end < 0:
            return False
        first, *lines = self._buffer[:end].decode("latin-1").split("\r\n")
        del self._buffer[: end + 4]
        method, target, _ = first.split(" ", 2)
        headers = {}
        for line in lines:
            name, _, value = line.partition(":")
            headers[name.lower()] = value.strip()
        if headers.get("expect", "").lower() == "100-continue":
            self._transport.write(b"HTTP/1.1 100 Continue\r\n\r\n")
        self._head = (method, target, headers)
        return True


def _render(answer: Answer) -> bytes:
    length = len(answer.body) if answer.length is None else answer.length
    request_id = hashlib.md5(answer.body[:64]).hexdigest()
    head = f"HTTP/1.1 {answer.status} {_REASONS.get(answer.status, 'Error')}\r\nx-amzn-requestid: {request_id}\r\n"
    head += "".join(f"{name}: {value}\r\n" for name, value in answer.headers.items())
    return f"{head}content-length: {length}\r\n\r\n".encode("latin-1") + answer.body


async def _serve(store: Store) -> None:
    loop = asyncio.get_running_loop()
    server = await loop.create_server(lambda: Connection(store), "127.0.0.1", 0)
    print(server.sockets[0].getsockname()[1], flush=True)
    closed = asyncio.Event()
    loop.add_reader(sys.stdin.fileno(), closed.set)
    await closed.wait()
    server.close()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--items", type=int, required=True, help="items in the table")
    parser.add_argument("--database-ms", type=float, default=0, help="added to each DynamoDB request")
    parser.add_argument("--object-ms", type=float, default=0, help="added to each S3 request, and its size's time")
    parser.add_argument("--devices", type=int, default=len(DEVICES), help="devices that share the items (default 10)")
    parser.add_argument(
        "--limits", default=ON_DEMAND.name, help=f"off, on-demand (default), quota or {PROVISIONED_FORM}"
    )
    parser.add_argument(
        "--objects",
        choices=OBJECT_STORES,
        default=S3.name,
        help="whose request rates (default s3)",
    )
    options = parser.parse_args()
    try:
        limits = limits_of(options.limits)
    except ValueError as problem:
        parser.error(str(problem))
    tables = Tables(options.items, options.devices, Meter(limits))
    objects = None if limits is None else ObjectBudget(OBJECT_STORES[options.objects])
    store = Store(tables, options.database_ms / 1000, options.object_ms / 1000, objects)
    gc.collect()
    gc.freeze()
    gc.disable()
    with contextlib.suppress(KeyboardInterrupt):
        asyncio.run(_serve(store))


if __name__ == "__main__":
    main()
