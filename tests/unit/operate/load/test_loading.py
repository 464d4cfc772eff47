"""Loads whole: counts, bad rows, devices, resumption, and each row once whatever dies."""

from __future__ import annotations

import gzip
import io
import json
from pathlib import Path

import pytest

from l3kit.errors import CheckFailedError, ConfigurationError, StoreError
from l3kit.operate.load.kept import LoadStoppedError
from l3kit.operate.load.loading import load
from l3kit.operate.load.progress_file import held, read_progress
from l3kit.operate.load.reading import CHECKED_ROWS
from l3kit.twin.config import Twin
from tests.integration.aws.conftest import write_twin
from tests.support.loading import FaultyHotStore, KilledError, load_into, restore, session_with
from tests.support.memory_stores import MemoryHotStore

HEAD = "device,time,v\n"


def row(second: int, value: str = "1.0", device: str = "pump-1") -> str:
    return f"{device},2026-05-31T08:30:{second:02d}Z,{value}\n"


def values(store: MemoryHotStore, device: str = "pump-1") -> dict[int, str]:
    """The values of a device by second."""
    items = [json.loads(item, parse_float=str, parse_int=str) for item in store.devices.get(device, {}).values()]
    return {int(item["id"][17:19]): item["v"] for item in items}


@pytest.fixture
def twin(tmp_path: Path) -> Twin:
    (tmp_path / "twin").mkdir()
    write_twin(tmp_path / "twin", "plant", "aws", "aws", "aws", ["pump-1", "pump-2"])
    return Twin.load(tmp_path / "twin")


@pytest.fixture
def store() -> FaultyHotStore:
    return FaultyHotStore()


@pytest.fixture
def file(tmp_path: Path) -> Path:
    (tmp_path / "data").mkdir()
    return tmp_path / "data" / "a.csv"


def beside(file: Path) -> list[str]:
    return sorted(one.name for one in file.parent.iterdir() if one != file)


def test_rows_are_loaded_once_and_a_second_load_finds_the_same(twin: Twin, store: FaultyHotStore, file: Path) -> None:
    file.write_text(HEAD + row(1) + row(2, "2.50") + row(1, device="pump-2"))
    first = load_into(store, twin, file)
    assert first.summary() == "3 rows of 1 file: 3 new in the hot tier"
    first.raise_if_failed()
    again = load_into(store, twin, file)
    assert again.summary() == "3 rows of 1 file: 0 new in the hot tier, 3 there already"
    assert values(store) == {1: "1.0", 2: "2.50"}
    assert beside(file) == []


def test_bad_rows_are_beside_the_file_and_load_once_corrected(twin: Twin, store: FaultyHotStore, file: Path) -> None:
    file.write_text(HEAD + row(1) + "pump-1,soon,7\n" + row(2) + row(3, device="pump-9"))
    report = load_into(store, twin, file)
    (told,) = report.files
    assert (told.created, told.bad, dict(told.problems)) == (2, 2, {"bad-time": 1, "unknown-device": 1})
    assert [one[:2] for one in told.first] == [(3, "bad-time"), (5, "unknown-device")]
    assert "--add-devices" in told.first[1][2]
    bad = Path(told.bad_path)
    assert bad.name == "a.csv.bad.csv"
    assert bad.read_text().splitlines()[1].endswith(",pump-1,soon,7")
    with pytest.raises(CheckFailedError, match=r"a\.csv:3: bad-time.*Correct these rows in .*a\.csv\.bad\.csv"):
        report.raise_if_failed()
    bad.write_text(bad.read_text().replace("pump-1,soon", "pump-1,2026-05-31T08:30:09Z"))
    assert load_into(store, twin, bad, add_devices=True).total("created") == 2
    assert values(store) == {1: "1.0", 2: "1.0", 9: "7"}
    load_into(store, twin, file)
    assert "a.csv.bad-2.csv" in beside(file), "an earlier bad-rows file is never written over"


def test_other_content_stays_and_is_told_unless_it_is_replaced(twin: Twin, store: FaultyHotStore, file: Path) -> None:
    file.write_text(HEAD + row(1) + row(2))
    load_into(store, twin, file)
    file.write_text(HEAD + row(1, "1.00") + row(2, "5") + row(2, "6"))
    report = load_into(store, twin, file)
    assert (report.total("same"), dict(report.files[0].problems)) == (1, {"other-content": 2})
    assert '"v":1.0' in report.files[0].first[0][2]
    assert values(store) == {1: "1.0", 2: "1.0"}
    replaced = load_into(store, twin, file, replace=True)
    assert (replaced.total("same"), replaced.total("replaced"), replaced.total("bad")) == (1, 2, 0)
    assert values(store)[2] == "6", "the last row of the file"
    old = Path(replaced.files[0].replaced_path).read_text().splitlines()
    assert [json.loads(one)["v"] for one in old] == [1.0, 5]


def test_new_devices_are_in_the_list_before_their_items_are_written(twin: Twin, file: Path) -> None:
    file.write_text(HEAD + row(1) + row(1, device="pump-3") + row(1, device="pump-4") + row(1, device="x" * 600))
    store = FaultyHotStore(at=2, fault="refused")
    with pytest.raises(LoadStoppedError):
        load_into(store, twin, file, add_devices=True)
    assert "pump-4" not in store.devices
    assert [device.id for device in Twin.load(twin.path).devices] == ["pump-1", "pump-2", "pump-3", "pump-4"]
    report = load_into(store, Twin.load(twin.path), file, add_devices=True)
    assert (report.devices_added, dict(report.files[0].problems)) == ((), {"bad-device": 1})
    file.write_text(HEAD + row(2, device="pump-5"))
    report = load_into(store, twin, file, add_devices=True)
    assert report.devices_added == ("pump-5",)
    assert "apply the twin again" in report.notes[-1]


@pytest.mark.parametrize("fault", ["refused", "lost", "killed before", "killed after"])
def test_a_load_that_stopped_is_continued(twin: Twin, file: Path, fault: str) -> None:
    file.write_text(HEAD + "".join(row(n) if n != 1 else "pump-1,soon,1\n" for n in range(12)))
    store = FaultyHotStore(at=4, fault=fault, folder=file.parent)  # type: ignore[arg-type]
    with pytest.raises((LoadStoppedError, KilledError)) as caught:
        load_into(store, twin, file)
    restore(file.parent)
    progress = read_progress(file.parent / "a.csv.progress.json")
    assert progress is not None
    if fault in ("refused", "lost"):
        assert f"{progress.rows} rows of {file} are done; the same command continues there" in str(caught.value)
    bad = file.parent / "a.csv.bad.csv"
    bad.write_text(bad.read_text() + "13,half of a row that was not recor")
    report = load_into(store, twin, file)
    assert report.files[0].resumed == progress.rows
    assert (report.total("rows"), report.total("bad"), report.total("created") + report.total("same")) == (12, 1, 11)
    assert values(store) == {n: "1.0" for n in range(12) if n != 1}
    assert beside(file) == ["a.csv.bad.csv"]
    assert bad.read_text().count(",pump-1,soon,") == 1
    assert bad.read_text().endswith(",pump-1,soon,1\n")


def test_an_early_end_tells_what_is_loaded_what_is_bad_and_what_was_not_begun(twin: Twin, file: Path) -> None:
    files = [file, *(file.with_name(f"{name}.csv") for name in "bcd")]
    for number, one in enumerate(files):
        one.write_text(HEAD + row(number) + "pump-1,soon,1\n" + row(30 + number, device="pump-9"))
    store = FaultyHotStore(at=4, fault="refused")
    with pytest.raises(LoadStoppedError) as caught:
        load_into(store, twin, *files, add_devices=True)
    told = str(caught.value).partition("Raise its capacity. ")[2].replace(f"{file.parent}/", "")
    assert told.split("; ") == [
        "2 rows of b.csv are done",
        "the same command continues there",
        "1 of them bad, in b.csv.bad.csv",
        "1 device added to config_iot_devices.json: apply the twin again, so that its functions know them",
        "loaded whole: a.csv",
        "not begun: c.csv, d.csv",
    ]


def test_an_interruption_tells_so_too_and_an_end_before_anything_is_done_does_not(twin: Twin, file: Path) -> None:
    file.write_text(HEAD + "".join(map(row, range(12))))
    with pytest.raises(KilledError) as caught:
        load_into(FaultyHotStore(at=3, fault="killed before"), twin, file)
    assert caught.value.__notes__ == [f"4 rows of {file} are done; the same command continues there"]
    file.with_name("a.csv.progress.json").unlink()
    with pytest.raises(StoreError, match=r"Raise its capacity$"):
        load_into(FaultyHotStore(at=1, fault="refused"), twin, file)


def test_standard_input_that_ended_early_is_not_said_to_be_continued(twin: Twin, tmp_path: Path) -> None:
    rows = (HEAD + "".join(map(row, range(12)))).encode()
    with pytest.raises(
        LoadStoppedError, match="4 rows of stdin are done; load all of it again, which finds these rows"
    ):
        load_into(FaultyHotStore(at=3, fault="refused"), twin, "-", stdin=rows, out=tmp_path)


def test_columns_that_were_in_no_row_are_told_but_not_where_only_the_rest_was_read(twin: Twin, file: Path) -> None:
    lines = file.with_suffix(".jsonl")
    rows = [{"device": "pump-1", "time": 1_780_216_200 + n, "v": n} for n in range(CHECKED_ROWS + 400)]
    rows[CHECKED_ROWS + 1]["x"] = 1
    lines.write_text("\n".join(map(json.dumps, rows)))
    dry = load(None, twin, [lines], {"dry_run": True, "drop": ["x", "y"]})
    assert dry.notes[0] == "column 'y' was in no row"
    store = FaultyHotStore(at=CHECKED_ROWS // 100 + 4, fault="refused")
    with pytest.raises(LoadStoppedError):
        load_into(store, twin, lines, rows=100, drop=["x"])
    rest = load_into(store, twin, lines, rows=100, drop=["x"])
    assert rest.files[0].resumed > CHECKED_ROWS + 1
    assert rest.notes == ()


@pytest.mark.parametrize("change", ["the file", "the options", "the store", "the bad rows", "asked to"])
def test_a_load_begins_anew_where_it_cannot_be_continued(twin: Twin, file: Path, change: str) -> None:
    file.write_text(HEAD + "pump-1,soon,1\n" + "".join(row(n) for n in range(12)))
    store = FaultyHotStore(at=4, fault="refused")
    with pytest.raises(LoadStoppedError):
        load_into(store, twin, file)
    if change == "the file":
        file.write_text(file.read_text() + row(12))
    elif change == "the store":
        store.devices.clear()
    elif change == "the bad rows":
        (file.parent / "a.csv.bad.csv").unlink()
    digest = "another" if change == "the options" else "digest"
    report = load_into(store, twin, file, digest=digest, restart=change == "asked to")
    assert report.files[0].resumed == 0
    assert bool(report.files[0].notes) == (change != "asked to")
    assert values(store) == dict.fromkeys(range(13 if change == "the file" else 12), "1.0")
    assert report.total("bad") == 1


def test_nothing_is_written_if_any_file_cannot_be_read_as_asked(twin: Twin, store: FaultyHotStore, file: Path) -> None:
    good, worse = file.with_name("b.csv"), file.with_name("c.csv")
    good.write_text(HEAD + row(1))
    file.write_text("a,b\n1,2\n")
    worse.write_text(HEAD + "pump-1,31.05.2026 10:00,1\n" * 3)
    with pytest.raises(ConfigurationError) as caught:
        load_into(store, twin, file, good, worse)
    told = str(caught.value)
    assert "2 problems" in told
    assert "a.csv:1: no column is the device" in told
    assert "c.csv:2: each of the first 3 rows is bad; this one: bad-time" in told
    assert (store.calls, beside(good)) == (0, ["a.csv", "c.csv"])


def test_standard_input_is_loaded_and_refused_before_anything_is_written(
    twin: Twin, store: FaultyHotStore, tmp_path: Path
) -> None:
    report = load_into(store, twin, "-", stdin=(HEAD + row(1) + "pump-1,soon,1\n").encode(), out=tmp_path)
    assert (report.total("created"), report.files[0].bad_path) == (1, str(tmp_path / "stdin.bad.csv"))
    array = f'[{{"device":"pump-1","time":"2026-05-31T08:30:02Z","v":{"1" * 20}}}]'
    assert load_into(store, twin, "-", stdin=array.encode(), out=tmp_path).total("created") == 1
    with pytest.raises(ConfigurationError, match="stdin:1: the only row is bad"):
        load_into(store, twin, "-", stdin=b'{"device":"pump-1"}', out=tmp_path)
    assert values(store) == {1: "1.0", 2: "1" * 20}


def test_folders_are_loaded_whole_but_for_what_a_load_keeps_and_other_names(
    twin: Twin, store: FaultyHotStore, file: Path
) -> None:
    file.write_text(HEAD + row(1))
    (file.parent / "deep").mkdir()
    with gzip.open(file.parent / "deep" / "b.jsonl.gz", "wb") as packed:
        packed.write(b'{"device":"pump-1","time":"2026-05-31T08:30:02Z","v":2.0}\n')
    (file.parent / "a.csv.bad.csv").write_text(HEAD + row(3))
    (file.parent / "a.csv.bad-2.csv").write_text(HEAD + row(3))
    (file.parent / "README.md").write_text("hello")
    report = load(session_with(store, twin), twin, [file.parent], {})
    assert len(report.files) == 2
    assert values(store) == {1: "1.0", 2: "2.0"}
    assert report.notes == (f"left out, since the names tell no form: {file.parent / 'README.md'}",)


def test_a_dry_run_tells_items_and_problems_and_touches_nothing(twin: Twin, file: Path) -> None:
    file.write_text(HEAD + row(1) + "pump-1,soon,1\n" + row(2, device="pump-7") + row(3))
    report = load(None, twin, [file], {"dry_run": True, "add_devices": True})
    assert report.summary() == "a dry run: 4 rows of 1 file: 3 would be written, 1 bad"
    shown = str(report)
    assert '{"iotDeviceId":"pump-1","id":"2026-05-31T08:30:01Z","v":1.0}' in shown
    assert "bad-time" in shown
    assert [one[:2] for one in report.files[0].first] == [(3, "bad-time")]
    assert report.devices_added == ("pump-7",)
    assert beside(file) == []
    assert len(Twin.load(twin.path).devices) == 2


def test_bad_rows_keep_the_encoding_of_their_file(twin: Twin, store: FaultyHotStore, file: Path) -> None:
    file.write_bytes((HEAD + row(1, "ü")).encode("latin-1"))
    key = "2026-05-31T08:30:01Z"
    store.devices["pump-1"] = {key: f'{{"iotDeviceId":"pump-1","id":"{key}","v":"Ж"}}'.encode()}
    report = load_into(store, twin, file, encoding="latin-1")
    lines = Path(report.files[0].bad_path).read_bytes().splitlines()
    assert lines[1].endswith(b",pump-1,2026-05-31T08:30:01Z,\xfc")
    assert b"\\u0416" in lines[1]
    again = load_into(store, twin, report.files[0].bad_path, encoding="latin-1", replace=True)
    assert (again.total("replaced"), values(store)) == (1, {1: "ü"})


def test_two_loads_of_a_file_at_once_are_refused(twin: Twin, store: FaultyHotStore, file: Path) -> None:
    file.write_text(HEAD + row(1))
    with (
        held(file.parent / "a.csv.progress.json"),
        pytest.raises(ConfigurationError, match="another load of this file or table is running"),
    ):
        load_into(store, twin, file)
    assert load_into(store, twin, file).total("created") == 1


def test_a_truncated_archive_stops_with_what_is_done(twin: Twin, store: FaultyHotStore, file: Path) -> None:
    packed = file.with_name("a.csv.gz")
    lines = (f"pump-1,{1_780_216_200 + n},{n * n % 9973}\n" for n in range(20_000))
    packed.write_bytes(gzip.compress((HEAD + "".join(lines)).encode())[:-13_000])
    with pytest.raises(LoadStoppedError, match=r"a\.csv\.gz: cannot be read \(.*rows of .* are done") as caught:
        load_into(store, twin, packed, rows=500)
    assert "that the file is whole" in str(caught.value)
    assert len(store.devices["pump-1"]) > 500


@pytest.mark.parametrize(
    ("options", "cause"),
    [
        ({"tmie": "a"}, "load: tmie: is not known. did you mean time"),
        ({"device": "a", "device_id": "b"}, "exclude each other"),
        ({"form": "xml"}, "--form: 'xml' is not allowed. Give csv, jsonl"),
        ({"repeated_hour": "both"}, "--repeated-hour: 'both' is not allowed"),
        ({"rate": -1.0}, "--rate: -1.0 is no rate"),
        ({"decimal": ";"}, "is no decimal sign"),
        ({"delimiter": "ab"}, "is no delimiter"),
        ({"encoding": "utf8x"}, "is no encoding of text"),
        ({"encoding": "base64"}, "is no encoding of text"),
        ({"value": "temp"}, "is one text, not a list"),
    ],
)
def test_options_that_are_wrong_are_refused(twin: Twin, file: Path, options: dict[str, object], cause: str) -> None:
    file.write_text(HEAD)
    with pytest.raises(ConfigurationError, match=cause):
        load(None, twin, [file], {**options, "dry_run": True})  # type: ignore[typeddict-item]


@pytest.mark.parametrize("given", ["missing.csv", ".", ""])
def test_files_that_are_not_there_are_refused(
    twin: Twin, tmp_path: Path, given: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "empty").mkdir()
    monkeypatch.chdir(tmp_path / "empty")
    with pytest.raises(ConfigurationError, match=r"is not there|has no file to load|no file is given"):
        load(None, twin, [given] if given else [], {"dry_run": True}, stdin=io.BytesIO())
