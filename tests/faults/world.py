"""Deployed twins whose movers are disturbed from outside, and the check that every item is in one place, unaltered.

The functions are the shipped zips in the real Lambda runtime client; faults happen in the gateway between them and
their stores (`l3kit.sandbox.faults.arranged`). A world is used again and again: each case begins by emptying the tiers.
"""

from __future__ import annotations

import asyncio
import hashlib
import itertools
import json
from collections import Counter
from collections.abc import Coroutine, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any, Literal, TypeVar

import boto3

from l3kit.clouds.aws.session import AwsSession
from l3kit.clouds.ports.cloud import Cloud
from l3kit.errors import L3Error, StoreError
from l3kit.sandbox.aws.account import ACCESS_KEY, SECRET_KEY
from l3kit.sandbox.faults import arranged as faults
from l3kit.session import Session, reached
from l3kit.tiering.format.chunks import RESERVED_PREFIX, decompress, object_key, parse_object_key
from l3kit.tiering.journal import end_lease
from l3kit.tiering.ports import HotStore, JournalStore, ObjectStore
from l3kit.tiering.settings.function_table import FUNCTIONS
from l3kit.twin.config import Twin
from tests.support.accounts import aws_of, on_account
from tests.support.cut import cut

T = TypeVar("T")
Mover = Literal["hot-to-cold-mover", "cold-to-archive-mover"]

NOW = datetime(2026, 6, 1, tzinfo=UTC)
"""The moment every run stands for; items are old enough for the cold tier, or for the archive as well."""
DEVICES = ("pump-1", "pumpe ä+2")
CHUNK_BYTES = 4096
LATE_WRITES = 3
_cases = itertools.count(1)
"""Numbers of all cases of this process: several worlds may use the tiers of one twin."""
_EXACT = "12345678901234567890123456789.0123456"


def item(device_id: str, minute: int, **more: Any) -> bytes:
    """An item whose value no float can hold, 120 days old less `minute`: due for the cold tier and for the archive."""
    stamp = (NOW - timedelta(days=120) + timedelta(minutes=minute)).strftime("%Y-%m-%dT%H:%M:%SZ")
    text = json.dumps({"iotDeviceId": device_id, "id": stamp, "value": "EXACT", **more}, separators=(",", ":"))
    return text.replace('"EXACT"', _EXACT).encode()


def canonical(entry: Any) -> str:
    return json.dumps(entry, sort_keys=True, ensure_ascii=False)


def parsed(text: bytes) -> Any:
    """JSON with every number as the text it is written with."""
    return json.loads(text, parse_float=str, parse_int=str)


def counted(items: Sequence[bytes]) -> Counter[str]:
    """Items as a multiset that is equal only to the very same values."""
    return Counter(canonical(parsed(one)) for one in items)


@dataclass(slots=True)
class Tally:
    """What a test has done, for the summary at the end of the run.

    Attributes:
        gap: versions lost where docs/reference/journal.md says they are; not among `lost`.
    """

    faults: int = 0
    checks: int = 0
    lost: int = 0
    doubled: int = 0
    gap: int = 0


def _as_root(aws: AwsSession) -> AwsSession:
    """Who puts, looks and clears: the account's root, since the operator may not write into every store."""
    boto = boto3.Session(aws_access_key_id=ACCESS_KEY, aws_secret_access_key=SECRET_KEY, region_name=aws.region)
    return AwsSession(aws.region, aws.account_id, aws.endpoint_url, boto)


@dataclass
class World:
    """A sender twin and, where its next tier is on another cloud, the receiver; both are in one sandbox.

    Attributes:
        cold_at, archive_at: the twin that has the store.
        number: of the case; its items have it as `case`.
        writer: the receiving function, None within one cloud.
    """

    session: Session
    twin: Twin
    cold_at: Twin
    archive_at: Twin
    writer: str | None = None
    tally: Tally = field(default_factory=Tally)
    number: int = 0

    def __post_init__(self) -> None:
        self._runner = asyncio.Runner()
        self._closing = AsyncExitStack()
        self._invokers = ThreadPoolExecutor(8)
        everything = on_account(self.session, _as_root(aws_of(self.session)))
        hot, cold, archive = (
            reached(everything, twin.layout.tier(tier), tier)
            for twin, tier in ((self.twin, "hot"), (self.cold_at, "cold"), (self.archive_at, "archive"))
        )
        self.hot: HotStore = hot.hot_store(self.twin)
        self.journal: JournalStore = hot.journal_store(self.twin)
        self.cold: ObjectStore = cold.object_store(self.cold_at, "cold")
        self.archive: ObjectStore = archive.object_store(self.archive_at, "archive")

    def close(self) -> None:
        for store in (self.hot, self.journal, self.cold, self.archive):
            self.do(store.close())
        self._runner.close()
        self._invokers.shutdown()

    def do(self, steps: Coroutine[Any, Any, T]) -> T:
        return self._runner.run(steps)

    # --- what is in the tiers

    def clear(self) -> None:
        """Empty the tiers. The journal stays, as it would: numbers go on."""
        self.number = next(_cases)
        self.do(self._clear())
        self.free()

    async def _clear(self) -> None:
        for device_id in DEVICES:
            while page := await self.hot.read_page(device_id, before="9999"):
                if not page.sort_keys:
                    break
                await self.hot.delete_page(page, page.sort_keys)
        for store in (self.cold, self.archive):
            for key in [info.key async for info in store.list()]:
                await store.delete(key)

    def items(self, first: int, second: int = 0) -> list[bytes]:
        """Items that this case alone has: so many of each device."""
        count = {DEVICES[0]: first, DEVICES[1]: second}
        return [item(d, minute, case=self.number) for d in DEVICES for minute in range(count[d])]

    def put(self, items: Sequence[bytes]) -> None:
        for device_id in DEVICES:
            of_device = [one for one in items if json.loads(one)["iotDeviceId"] == device_id]
            self.do(self.hot.put_items(device_id, of_device))

    def put_chunks(self, items: Sequence[bytes], max_bytes: int = CHUNK_BYTES) -> list[str]:
        """Store items in the cold tier as the hot-to-cold mover would have. Returns: the keys."""
        keys = []
        for device_id in DEVICES:
            of_device = [one for one in items if json.loads(one)["iotDeviceId"] == device_id]
            for number, (count, body) in enumerate(cut(of_device, max_bytes), 1):
                stamps = [entry["id"] for entry in json.loads(body)]
                key = object_key(device_id, stamps[0], stamps[-1], number)
                digest = hashlib.sha256(body).hexdigest()
                self.do(self.cold.create(key, body, sha256=digest, metadata={"items": str(count)}))
                keys.append(key)
        return keys

    def everywhere(self) -> Counter[str]:
        """Every item of this case over all tiers, with how often it is there.

        A writer whose answer nobody waits for any more may still store a chunk of an earlier case, since its key has
        become free by `clear`; in a twin the next archive run finds the same content in the archive and removes it.
        """
        found = self.do(self._everywhere())
        return Counter({text: count for text, count in found.items() if json.loads(text)["case"] == str(self.number)})

    async def _everywhere(self) -> Counter[str]:
        found: Counter[str] = Counter()
        for device_id in DEVICES:
            after: str | None = None
            while True:
                page = await self.hot.read_page(device_id, before="9999", after=after)
                found.update(counted(page.items))
                if (after := page.next_after) is None:
                    break
        for store in (self.cold, self.archive):
            found.update(await self._stored(store))
        return found

    async def _stored(self, store: ObjectStore) -> Counter[str]:
        found: Counter[str] = Counter()
        for key in [info.key async for info in store.list() if not info.key.startswith(RESERVED_PREFIX)]:
            if store.tier == "archive":
                await store.restore(key, days=1)
            chunk = parse_object_key(key)
            body = decompress(await store.read(key), chunk.compression if chunk else "none")
            found.update(canonical(entry) for entry in parsed(body))
        return found

    def hot_count(self) -> int:
        return self.in_hot().total()

    def in_hot(self) -> Counter[str]:
        """Every item of the hot tier."""

        async def count() -> Counter[str]:
            found: Counter[str] = Counter()
            for device_id in DEVICES:
                found.update(counted((await self.hot.read_page(device_id, before="9999")).items))
            return found

        return self.do(count())

    # --- running and disturbing

    def name(self, mover: Mover) -> str:
        return self._cloud_of(mover).function_name(self.twin, mover)

    def _cloud_of(self, mover: Mover) -> Cloud:
        tier = FUNCTIONS[mover].tier
        return reached(self.session, self.twin.layout.tier(tier), tier)

    def start(self, mover: Mover) -> Future[dict[str, Any]]:
        """Invoke in the background; the result is the report, or what the cloud says of a run that died."""
        return self._invokers.submit(self._invoke, mover)

    def _invoke(self, mover: Mover) -> dict[str, Any]:
        try:
            content: dict[str, Any] = self._cloud_of(mover).invoke(self.twin, mover, {"time": NOW.isoformat()})
        except L3Error as error:
            return {"errorMessage": str(error)}
        return content

    def run(self, mover: Mover) -> dict[str, Any]:
        return self.start(mover).result()

    def free(self) -> None:
        """As when two minutes have passed since a dead run's last journal write.

        Raises: StoreError where a run is alive.
        """

        async def free() -> None:
            for device_id in DEVICES:
                for attempt in range(LATE_WRITES + 1):
                    try:
                        await end_lease(self.journal, device_id)
                        break
                    except StoreError:  # a request of the dead run may have been on its way for another device
                        if attempt == LATE_WRITES:
                            raise
                        await asyncio.sleep(0.05)

        self.do(free())

    def arm(self, caller: str, action: faults.Action = "watch", at: int = 0, **more: Any) -> faults.ArmedFault:
        writer = self.writer if caller != self.writer else None
        return faults.arm(aws_of(self.session).endpoint_url, caller, action, at=at, writer=writer, **more)

    def check(self, wanted: Counter[str], what: str) -> None:
        """Raise unless exactly these items are in the tiers, each once."""
        self.tally.checks += 1
        found = self.everywhere()
        if found != wanted:
            lost, doubled = wanted - found, found - wanted
            self.tally.lost += lost.total()
            self.tally.doubled += doubled.total()
            raise AssertionError(f"{what}: lost {list(lost)[:3]}, doubled or altered {list(doubled)[:3]}")
