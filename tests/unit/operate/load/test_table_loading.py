"""Copies of a table: each item once whatever dies, bad ones beside, and what is refused before anything is written."""

from __future__ import annotations

import itertools
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from l3kit.errors import ConfigurationError, L3Error, StoreError
from l3kit.operate.coroutines import run
from l3kit.operate.load.devices import LoadedDevices
from l3kit.operate.load.kept import LoadJob, LoadStoppedError
from l3kit.operate.load.loading import load
from l3kit.operate.load.progress_file import held
from l3kit.operate.load.pump import RowRate
from l3kit.operate.load.report import FileLoad
from l3kit.operate.load.settings import checked
from l3kit.operate.load.table_loading import TableLoading, dry_run_of_table, plan_of
from l3kit.twin.config import Twin
from tests.integration.aws.conftest import write_twin
from tests.support.loading import FAULTS, Fault, FaultyHotStore, KilledError, restore, session_with
from tests.support.memory_stores import MemoryHotStore
from tests.support.source_tables import MemorySource

FIRST = 1_780_216_200_000


def reading(sensor: Any, n: int, **more: Any) -> dict[str, Any]:
    return {"sensor": sensor, "ts": FIRST + n, "v": n, **more}


def plant(**more: Any) -> MemorySource:
    """Two devices, one after the other, with three bad items."""
    of_first = [reading("pump-1", n) for n in range(5)]
    bad = [{"sensor": "pump-1", "ts": 7, "v": 0}, reading("pump-1", 6, odd=1), reading("stranger", 0)]
    return MemorySource({"all": [*of_first, *bad, *(reading("pump-2", n) for n in range(4))]}, **more)


@pytest.fixture
def twin(tmp_path: Path) -> Twin:
    (tmp_path / "twin").mkdir()
    write_twin(tmp_path / "twin", "plant", "aws", "aws", "aws", ["pump-1", "pump-2"], time_digits=3)
    return Twin.load(tmp_path / "twin")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "data").mkdir()
    return tmp_path / "data"


def copied(
    store: MemoryHotStore, twin: Twin, source: MemorySource, folder: Path, digest: str = "d", **options: Any
) -> FileLoad:
    """Copy a table in pages of two items; progress is recorded after each."""
    settings = checked({"from_table": "plant", "rate": 2.0, "out": folder, **options})

    async def go() -> FileLoad:
        plan = await plan_of(source, twin, settings)  # type: ignore[arg-type]
        clock = itertools.count(0.0, 2.0).__next__
        devices = LoadedDevices(twin, add=settings.add_devices)
        job = LoadJob(store, twin, settings, digest, devices, RowRate(0), lambda count, text: None, clock)
        return await TableLoading(job, plan).run()

    return run(go())


def values(store: MemoryHotStore) -> dict[str, list[int]]:
    found = {device: items.values() for device, items in store.devices.items() if items}
    return {device: sorted(json.loads(item)["v"] for item in items) for device, items in found.items()}


def bad_items(folder: Path) -> list[tuple[str, str]]:
    lines = [line for path in folder.glob("*.bad*.jsonl") for line in path.read_text().splitlines()]
    told = map(json.loads, lines)
    return sorted((one["l3kit_key"], one["l3kit_problem"].partition(":")[0]) for one in told)


ALL = {"pump-1": [0, 1, 2, 3, 4], "pump-2": [0, 1, 2, 3]}
BAD = [
    (f'{{"sensor":"pump-1","ts":{FIRST + 6}}}', "bad-value"),
    ('{"sensor":"pump-1","ts":7}', "bad-time"),
    (f'{{"sensor":"stranger","ts":{FIRST}}}', "unknown-device"),
]


def test_items_are_copied_once_and_bad_ones_are_beside_with_their_keys(twin: Twin, folder: Path) -> None:
    store, source = FaultyHotStore(), plant()
    result = copied(store, twin, source, folder)
    assert (result.created, result.bad, result.expected) == (9, 3, 12)
    assert (values(store), bad_items(folder)) == (ALL, sorted(BAD))
    assert sorted(told[:2] for told in result.first) == sorted(BAD)
    assert [path.name for path in folder.iterdir()] == ["plant.bad.jsonl"]
    again = copied(store, twin, source, folder)
    assert (again.created, again.same, again.bad) == (0, 9, 3)
    corrected = folder / "corrected.jsonl"
    corrected.write_text((folder / "plant.bad.jsonl").read_text().replace('\\"ts\\":7,', f'\\"ts\\":{FIRST + 7},'))
    report = load(session_with(store, twin), twin, [corrected], {"add_devices": True})
    assert (report.total("created"), report.total("bad")) == (3, 0)


@pytest.mark.parametrize("fault", FAULTS)
@pytest.mark.parametrize("where", ["read", "write"])
def test_a_copy_that_stopped_at_any_call_is_continued_and_ends_like_one_without(
    where: str, fault: Fault, twin: Twin, folder: Path
) -> None:
    resumed = 0
    for at in itertools.count(1):
        store, source = FaultyHotStore(fault=fault, folder=folder), plant(fault=fault, folder=folder)
        faulty: Any = source if where == "read" else store
        faulty.left = at
        try:
            copied(store, twin, source, folder)
        except (L3Error, KilledError):
            restore(folder)
        else:
            break
        result = copied(store, twin, source, folder)
        assert (result.created + result.same, result.bad) == (9, 3), at
        assert (values(store), bad_items(folder)) == (ALL, sorted(BAD)), at
        resumed = max(resumed, result.resumed)
        for path in folder.iterdir():
            path.unlink()
    assert at > 4
    assert resumed >= 8


def test_a_copy_continues_behind_what_is_recorded_and_reads_none_of_it_again(twin: Twin, folder: Path) -> None:
    store = FaultyHotStore(at=4, fault="refused")
    with pytest.raises(
        LoadStoppedError, match=r"\d of about 12 items of table plant are done; the same command continues there"
    ):
        copied(store, twin, plant(), folder)
    source = plant()
    result = copied(store, twin, source, folder)
    sampled = 3
    assert source.reads[sampled][1] == str(result.resumed)
    assert result.resumed >= 4


def test_what_a_table_does_not_tell_of_itself_is_noted_once_where_a_copy_is_continued(twin: Twin, folder: Path) -> None:
    store, caveat = FaultyHotStore(at=4, fault="refused"), "nobody tells whether it was filled again"
    with pytest.raises(LoadStoppedError):
        copied(store, twin, plant(unverified=caveat), folder)
    result = copied(store, twin, plant(unverified=caveat), folder)
    assert [note for note in result.notes if caveat in note] == [f"continued behind {result.resumed} items; {caveat}"]
    assert not any(caveat in note for note in copied(store, twin, plant(unverified=caveat), folder).notes)


def test_parts_are_copied_side_by_side_and_each_is_continued_where_it_was(twin: Twin, folder: Path) -> None:
    parts = {f"p{n}": [reading("pump-1", n * 100 + i) for i in range(3 + 2 * n)] for n in range(3)}
    for at in range(1, 12):
        store = FaultyHotStore(at=at, fault="killed after", folder=folder)
        with pytest.raises(KilledError):
            copied(store, twin, MemorySource(parts, by_device=False), folder)
        restore(folder)
        result = copied(store, twin, MemorySource(parts, by_device=False), folder)
        assert result.rows == 15
        assert values(store)["pump-1"] == sorted(one["v"] for part in parts.values() for one in part)
        if at > 8:
            break


@pytest.mark.parametrize("change", ["the table", "the options", "the store", "asked to"])
def test_a_copy_begins_anew_where_it_cannot_be_continued(change: str, twin: Twin, folder: Path) -> None:
    store = FaultyHotStore(at=4, fault="refused")
    with pytest.raises(LoadStoppedError):
        copied(store, twin, plant(), folder)
    if change == "the store":
        store.devices.clear()
    source = plant(identity="2" if change == "the table" else "1")
    digest = "other" if change == "the options" else "d"
    result = copied(store, twin, source, folder, digest, restart=change == "asked to")
    assert (result.resumed, result.rows) == (0, 12)
    assert any("restarted" in note for note in result.notes) == (change != "asked to")
    assert values(store) == ALL


def test_a_dry_run_tells_what_is_found_and_writes_nothing(twin: Twin, folder: Path) -> None:
    source = plant(share=2.0)
    settings = checked(
        {"from_table": "plant", "dry_run": True, "add_devices": True, "out": folder, "drop": ["odd", "ts2"]}
    )
    result, new = run(dry_run_of_table(source, twin, settings, lambda rate: RowRate(0)))  # type: ignore[arg-type]
    assert (result.created, result.bad, new, result.expected) == (10, 2, ("stranger",), 12)
    assert result.items[0] == '{"iotDeviceId":"pump-1","id":"2026-05-31T08:30:00.000Z","v":0}'
    assert "its key is 'sensor' and 'ts'; the device is attribute 'sensor', the time is attribute 'ts'" in result.notes
    assert "read as it comes, since it is in memory" in result.notes
    assert result.notes[-1] == "attribute 'ts2' was in no item of the sample"
    assert list(folder.iterdir()) == []
    assert len(Twin.load(twin.path).devices) == 2


def test_numbers_as_devices_become_texts(twin: Twin, folder: Path) -> None:
    store = MemoryHotStore()
    result = copied(store, twin, MemorySource({"all": [reading(17, 0)]}), folder, add_devices=True)
    assert result.created == 1
    assert list(store.devices) == ["17"]


Change = Callable[[dict[str, Any]], dict[str, Any]]


@pytest.mark.parametrize(
    ("change", "options", "cause"),
    [
        (lambda one: {**one, "sensor": None}, {}, r'table plant:.*"ts":\d+}: each of the first 2 rows is bad'),
        (lambda one: {"x": 1}, {}, "no column is the device by its name.*Name it with --device"),
        (
            lambda one: one,
            {"device": "sensr"},
            "attribute 'sensr': is in no item of the sample that was read. did you mean sensor",
        ),
        (lambda one: {**one, "id": "u"}, {}, "'id' cannot keep the name 'id'"),
    ],
)
def test_a_table_that_cannot_be_copied_as_asked_is_refused_before_anything_is_written(
    change: Change, options: dict[str, Any], cause: str, twin: Twin, folder: Path
) -> None:
    store = FaultyHotStore()
    items = [change(reading("pump-1", n)) for n in range(2)]
    source = MemorySource({"all": items}, keys=("sensor", "ts") if "ts" in items[0] else ("x",), by_device=False)
    with pytest.raises(ConfigurationError, match=cause):
        copied(store, twin, source, folder, **options)
    assert (store.calls, list(folder.iterdir())) == (0, [])


def test_key_attributes_are_taken_for_device_and_time_before_others(twin: Twin, folder: Path) -> None:
    store = MemoryHotStore()
    source = MemorySource({"all": [reading("pump-1", 0, time="noon", device="x")]})
    assert copied(store, twin, source, folder).created == 1
    (item,) = store.devices["pump-1"].values()
    assert json.loads(item) == {
        "iotDeviceId": "pump-1",
        "id": "2026-05-31T08:30:00.000Z",
        "v": 0,
        "time": "noon",
        "device": "x",
    }
    assert source.devices == ["sensor"]


def test_options_of_files_and_of_tables_exclude_each_other(twin: Twin) -> None:
    session = session_with(MemoryHotStore(), twin)
    for options, cause in (
        ({"from_table": "t", "delimiter": ";"}, "--delimiter: is an option of files alone"),
        ({"read_rate": 5.0}, "--read-rate: is an option of a table: it needs --from-table"),
        ({"from_table": "t", "read_rate": -5.0}, "--read-rate: -5.0 is not a rate"),
    ):
        with pytest.raises(ConfigurationError, match=cause):
            load(session, twin, [], options)  # type: ignore[arg-type]
    with pytest.raises(ConfigurationError, match="and files exclude each other"):
        load(session, twin, ["a.csv"], {"from_table": "t"})


def test_two_copies_of_a_table_at_once_are_refused(twin: Twin, folder: Path) -> None:
    with held(folder / "plant.progress.json"), pytest.raises(ConfigurationError, match="is running"):
        copied(MemoryHotStore(), twin, plant(), folder)


def test_an_unreadable_table_is_told_before_anything_is_written(twin: Twin, folder: Path) -> None:
    store = FaultyHotStore()
    with pytest.raises(StoreError, match="is throttled"):
        copied(store, twin, plant(left=1, fault="refused"), folder)
    assert (store.calls, list(folder.iterdir())) == (0, [])
