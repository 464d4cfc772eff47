"""Where the rows come from: files, folders, archives, standard input; what is not there is refused."""

from __future__ import annotations

import gzip
import io
import os
from pathlib import Path

import pytest

from l3kit.errors import ConfigurationError
from l3kit.operate.load.kept import LoadStoppedError
from l3kit.operate.load.loading import load
from l3kit.operate.load.rows import Row
from l3kit.operate.load.settings import Settings
from l3kit.operate.load.sources import Source, opened
from l3kit.twin.config import Twin
from tests.support.loading import FaultyHotStore, load_into, session_with
from tests.unit.operate.load.loaded_files import HEAD, row, values


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
    assert report.notes == (f"left out, since the names show no known format: {file.parent / 'README.md'}",)


def test_a_truncated_archive_stops_with_what_is_done(twin: Twin, store: FaultyHotStore, file: Path) -> None:
    packed = file.with_name("a.csv.gz")
    lines = (f"pump-1,{1_780_216_200 + n},{n * n % 9973}\n" for n in range(20_000))
    packed.write_bytes(gzip.compress((HEAD + "".join(lines)).encode())[:-13_000])
    with pytest.raises(LoadStoppedError, match=r"a\.csv\.gz: cannot be read \(.*rows of .* are done") as caught:
        load_into(store, twin, packed, rows=500)
    assert "that the file is whole" in str(caught.value)
    assert len(store.devices["pump-1"]) > 500


@pytest.mark.parametrize("given", ["missing.csv", ".", ""])
def test_files_that_are_not_there_are_refused(
    twin: Twin, tmp_path: Path, given: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "empty").mkdir()
    monkeypatch.chdir(tmp_path / "empty")
    with pytest.raises(ConfigurationError, match=r"is not there|has no file to load|no file is given"):
        load(None, twin, [given] if given else [], {"dry_run": True}, stdin=io.BytesIO())


LINES = b'{"device":"p","time":1,"v":1}\n{"device":"p","time":2,"v":2}\n'


@pytest.mark.parametrize(
    ("content", "suffix"),
    [(LINES, ".jsonl"), (b'[{"v":1},{"v":2}]', ".jsonl"), (b"device,time,v\np,1,1\np,2,2\n", ".csv")],
)
def test_the_first_bytes_tell_the_form_where_no_name_does(content: bytes, suffix: str) -> None:
    with opened(Source(None), io.BytesIO(b"\xef\xbb\xbf" + content), Settings()) as rows:
        assert rows.bad_suffix == suffix
        assert len([row for row in rows.rows if isinstance(row, Row)]) == 2


def test_a_packed_file_is_read_whatever_it_is_called(tmp_path: Path) -> None:
    path = tmp_path / "lines"
    path.write_bytes(gzip.compress(LINES))
    with opened(Source(path, "jsonl"), io.BytesIO(), Settings(), skip=1) as rows:
        assert [row.text for row in rows.rows] == ['{"device":"p","time":2,"v":2}']


def test_parquet_cannot_be_read_from_standard_input() -> None:
    with (
        pytest.raises(ConfigurationError, match="stdin: is Parquet, which is read from its end"),
        opened(Source(None), io.BytesIO(b"PAR1"), Settings()),
    ):
        pass


def test_a_file_that_changed_is_told_from_what_it_was_and_a_copy_of_its_time_and_size_too(tmp_path: Path) -> None:
    path = tmp_path / "a.jsonl"
    path.write_bytes(LINES)
    before, times = Source(path).identity(), path.stat()
    assert Source(path).identity() == before
    path.write_bytes(LINES.replace(b'"v":2', b'"v":3'))
    os.utime(path, ns=(times.st_atime_ns, times.st_mtime_ns))
    assert Source(path).identity() != before
    assert Source(None).identity() == {}
