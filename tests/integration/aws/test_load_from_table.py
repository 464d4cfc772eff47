"""`load --from-table` against the sandbox's DynamoDB: tables of other keys and times, faults, and permissions."""

from __future__ import annotations

import asyncio
import json
import re
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any

import boto3
import pytest
from boto3.dynamodb.types import Binary

from l3kit.clouds.aws.control.operator_policy import Scope
from l3kit.clouds.aws.control.permissions import grants_for
from l3kit.errors import ConfigurationError, StoreError
from l3kit.operate.load.loading import load
from l3kit.operate.load.progress_file import Progress, read_progress
from l3kit.operate.load.report import LoadReport
from l3kit.sandbox import SandboxState
from l3kit.sandbox.aws.account import ACCESS_KEY, REGION, SECRET_KEY
from l3kit.session import Session
from l3kit.tiering.format.time_ranges import MAX_SORT_KEY
from l3kit.twin.config import Twin
from tests.integration.aws.conftest import MakeTwin
from tests.support.accounts import aws_of
from tests.support.operators import Operator

pytestmark = pytest.mark.sandbox
FIRST = 1_780_216_200_000
DEVICES = ["pump-1", "pump-2", "pump-3"]
MakeTable = Callable[..., Any]


@pytest.fixture(scope="module")
def tables(session: Session, aws: Callable[[str], Any]) -> Iterator[MakeTable]:
    """`tables(name, ("sensor", "S"), ("ts", "N"))` makes a table, and gives it as boto3's resource."""
    made: list[str] = []
    keys = {"aws_access_key_id": ACCESS_KEY, "aws_secret_access_key": SECRET_KEY}
    place = {"endpoint_url": aws_of(session).endpoint_url, "region_name": aws_of(session).region}
    resource = boto3.resource("dynamodb", **keys, **place)

    def make(name: str, *keys: tuple[str, str]) -> Any:
        aws("dynamodb").create_table(
            TableName=name,
            KeySchema=[{"AttributeName": k[0], "KeyType": t} for k, t in zip(keys, ("HASH", "RANGE"), strict=False)],
            AttributeDefinitions=[{"AttributeName": key, "AttributeType": kind} for key, kind in keys],
            BillingMode="PAY_PER_REQUEST",
        )
        made.append(name)
        return resource.Table(name)

    yield make
    for name in made:
        aws("dynamodb").delete_table(TableName=name)


@pytest.fixture
def twin(session: Session, make_twin: MakeTwin, tables: MakeTable) -> Twin:
    """A twin of which only the hot table is there."""
    twin = make_twin(devices=DEVICES, time_digits=3)
    tables(aws_of(session).names(twin.name).hot_dynamodb_table(), ("iotDeviceId", "S"), ("id", "S"))
    return twin


def hot(session: Session, twin: Twin, device: str = "pump-1") -> list[Any]:
    """A device's items in the hot tier, numbers as they stand."""

    async def read() -> list[Any]:
        store = session.clouds["aws"].hot_store(twin)
        page = await store.read_page(device, before=MAX_SORT_KEY)
        await store.close()
        return [json.loads(item, parse_float=str, parse_int=str) for item in page.items]

    return asyncio.run(read())


def adopted(session: Session, twin: Twin, name: str, folder: Path, **options: Any) -> LoadReport:
    return load(session, twin, [], {"from_table": name, "out": folder, **options})  # type: ignore[typeddict-item]


def scan(table: Any) -> Any:
    return sorted(map(repr, table.scan()["Items"]))


def test_a_table_of_epoch_milliseconds_is_planned_then_copied_device_by_device_and_not_touched(
    session: Session, twin: Twin, tables: MakeTable, tmp_path: Path
) -> None:
    table = tables("plant-readings", ("sensor", "S"), ("ts", "N"))
    with table.batch_writer() as batch:
        for device in (*DEVICES, "stranger"):
            for n in range(60 if device == "pump-2" else 5):
                batch.put_item(Item={"sensor": device, "ts": FIRST + n, "temp": Decimal(f"20.{n}1234567890123456789")})
        odd = {"set": {"b", "a"}, "raw": Binary(b"\x00\xff"), "deep": {"a": [Decimal("1E+2"), {"b": None}]}}
        batch.put_item(Item={"sensor": "pump-3", "ts": FIRST + 90, **odd})
        batch.put_item(Item={"sensor": "pump-3", "ts": 17, "temp": 1})
    before = scan(table)
    planned = adopted(session, twin, "plant-readings", tmp_path, dry_run=True)
    shown = str(planned)
    assert "device by device with Query, since its partition key 'sensor' is the device" in shown
    assert re.search(r'"id":"2026-05-31T08:30:00.000Z","temp":20.01234567890123456789}', shown)
    assert dict(planned.files[0].problems) == {"unknown-device": 5, "bad-time": 1}
    assert ('{"sensor":"pump-3","ts":17}', "bad-time") in [told[:2] for told in planned.files[0].first]
    assert hot(session, twin) == []
    assert list(tmp_path.iterdir()) == []

    report = adopted(session, twin, "plant-readings", tmp_path)
    assert report.summary() == "77 items of table plant-readings: 71 new in the hot tier, 6 bad"
    assert [len(hot(session, twin, device)) for device in (*DEVICES, "stranger")] == [5, 60, 6, 0]
    assert hot(session, twin)[1]["temp"] == "20.11234567890123456789"
    last = hot(session, twin, "pump-3")[-1]
    assert last["deep"] == {"a": ["100", {"b": None}]}
    assert (last["set"], last["raw"]) == ({"$stringSet": ["a", "b"]}, {"$binary": "AP8="})
    bad = [json.loads(line) for line in (tmp_path / "plant-readings.bad.jsonl").read_text().splitlines()]
    assert sorted(one["l3kit_key"] for one in bad)[0] == '{"sensor":"pump-3","ts":17}'
    assert adopted(session, twin, "plant-readings", tmp_path).total("same") == 71
    assert scan(table) == before


def test_a_table_whose_key_is_not_the_device_is_scanned_whole(
    session: Session, twin: Twin, tables: MakeTable, tmp_path: Path
) -> None:
    table = tables("events", ("uuid", "S"))
    with table.batch_writer() as batch:
        for n in range(60):
            item = {"uuid": f"u-{n}", "machine": f"pump-{n % 3 + 1}", "when": f"2026-05-31 10:{n:02d}", "v": n}
            batch.put_item(Item=item)
    given: dict[str, Any] = {"device": "machine", "time": "when", "timezone": "Europe/Vienna", "value": ["v"]}
    with pytest.raises(ConfigurationError, match=r"table events: no column is the device by its name.*--device"):
        adopted(session, twin, "events", tmp_path, dry_run=True)
    report = adopted(session, twin, "events", tmp_path, **given)
    assert report.total("created") == 60
    assert "with Scan in 4 segments, since its partition key 'uuid' is not the device" in str(report)
    assert hot(session, twin)[0] == {"iotDeviceId": "pump-1", "id": "2026-05-31T08:00:00.000Z", "v": "0"}
    assert sum(len(hot(session, twin, device)) for device in DEVICES) == 60


@pytest.mark.slow
@pytest.mark.parametrize("kind", ["S", "N", "B"])
def test_devices_are_told_apart_whatever_the_type_of_the_sort_key(
    kind: str, session: Session, twin: Twin, tables: MakeTable, tmp_path: Path
) -> None:
    name = f"keyed-{kind}"
    table = tables(name, ("device", "S"), ("seq", kind))
    of_kind: dict[str, Callable[[int], Any]] = {"S": lambda n: f"\U0010ffff{n}", "N": int, "B": lambda n: b"\xff%d" % n}
    with table.batch_writer() as batch:
        for n in range(40):
            batch.put_item(Item={"device": DEVICES[n % 3], "seq": of_kind[kind](n), "time": FIRST + n})
    assert adopted(session, twin, name, tmp_path).total("created") == 40


def test_tables_that_cannot_be_copied_are_refused_with_the_remedy(
    session: Session, twin: Twin, tables: MakeTable, tmp_path: Path
) -> None:
    own = aws_of(session).names(twin.name).hot_dynamodb_table()
    tables("empty", ("sensor", "S"), ("ts", "N"))
    for name, cause in {
        own: "is the twin's own hot table. Name the table to copy from",
        "not-there": "is not there. Check the name",
        "arn:aws:dynamodb:x:1:table/y": "is not the name of a DynamoDB table",
        "empty": "has no items",
    }.items():
        with pytest.raises(ConfigurationError, match=cause):
            adopted(session, twin, name, tmp_path)
    with pytest.raises(ConfigurationError, match=r"is on azure, which this session does not reach.*Export it"):
        adopted(session, twin, "empty", tmp_path, from_cloud="azure")


@pytest.mark.slow
def test_reading_needs_each_of_the_permissions_that_are_listed_and_no_other_on_the_table(
    session: Session, twin: Twin, tables: MakeTable, tmp_path: Path, aws: Callable[[str], Any]
) -> None:
    table = tables("guarded", ("sensor", "S"), ("ts", "N"))
    table.put_item(Item={"sensor": "pump-1", "ts": FIRST, "v": 1})
    operator = Operator.create(session, aws)
    scope = Scope(twin.name, aws_of(session).account_id, aws_of(session).region, "guarded")
    grants = tuple(grant for grant in grants_for(("load",)) if not grant.only or grant.on == "source table")
    (reading,) = [grant for grant in grants if grant.on == "source table"]
    assert reading.actions == ("dynamodb:DescribeTable", "dynamodb:Query", "dynamodb:Scan")
    operator.allow(scope, grants)
    assert adopted(operator.session, twin, "guarded", tmp_path).total("rows") == 1
    for action in reading.actions:
        with operator.lacking(scope, grants, reading, action), pytest.raises(StoreError) as caught:
            adopted(operator.session, twin, "guarded", tmp_path)
        assert f"not authorized to perform: {action}" in str(caught.value)
        assert f"--twin {twin.name} --from-table guarded --json` prints a policy" in str(caught.value)


@pytest.mark.slow
def test_a_killed_load_is_continued_by_the_same_command_and_copies_nothing_twice(
    session: Session, twin: Twin, tables: MakeTable, tmp_path: Path, sandbox: SandboxState
) -> None:
    table = tables("long", ("sensor", "S"), ("ts", "N"))
    with table.batch_writer() as batch:
        for n in range(400):
            batch.put_item(
                Item={"sensor": DEVICES[n % 3], "ts": FIRST + n, "v": n} if n % 50 else {"sensor": "x", "ts": n}
            )
    code = (
        "import sys, json, pathlib; from l3kit.clouds.aws.cloud import AwsCloud; "
        "from l3kit.clouds.aws.session import open_sandbox; from l3kit.operate.load.loading import load; "
        "from l3kit.session import Session; from l3kit.twin.config import Twin; "
        "cloud = AwsCloud(open_sandbox(sys.argv[1], sys.argv[2])); twin = Twin.load(pathlib.Path(sys.argv[3])); "
        "session = Session('sandbox', {'aws': cloud}, pathlib.Path(sys.argv[5]), sys.argv[1]); "
        "report = load(session, twin, [], {'from_table': 'long', 'out': sys.argv[4], 'rate': 40.0}); "
        "print(json.dumps(report.to_json()))"
    )
    words = [sandbox.gateway, REGION, str(twin.path), str(tmp_path), str(sandbox.home)]
    command = [sys.executable, "-c", code, *words]
    progress, kills = tmp_path / "long.progress.json", 0
    for wanted in (40, 200):
        with subprocess.Popen(command) as process:
            while (
                process.poll() is None and (read_progress(progress) or Progress.model_construct(rows=0)).rows < wanted
            ):
                time.sleep(0.05)
            kills += process.poll() is None
            process.kill()
    done = subprocess.run(command, capture_output=True, check=True, text=True, timeout=300)
    (told,) = json.loads(done.stdout)["files"]
    assert kills == 2
    assert told["resumed"] >= 200
    assert (told["created"] + told["same"], told["bad"], told["rows"]) == (392, 8, 400)
    assert sum(len(hot(session, twin, device)) for device in DEVICES) == 392
    assert (tmp_path / "long.bad.jsonl").read_text().count("\n") == 8
    assert not progress.exists()
