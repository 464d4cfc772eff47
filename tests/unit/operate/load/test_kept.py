"""What a load keeps beside its file: bad rows, and how far it came when it ended early."""

from __future__ import annotations

from pathlib import Path

import pytest

from l3kit.errors import CheckFailedError, StoreError
from l3kit.operate.load.kept import LoadStoppedError
from l3kit.twin.config import Twin
from tests.support.loading import FaultyHotStore, KilledError, load_into
from tests.unit.operate.load.loaded_files import HEAD, beside, row, values


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
