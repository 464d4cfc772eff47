"""The slices of the long tests: each test in exactly one, the same on every machine, every file in every slice."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.programs.slices import ROOT, WHEEL, Ran, main, of_commit, summary
from tests.support.slices import in_slice

names = st.builds("tests/{}.py::test_{}".format, st.sampled_from("abc"), st.integers(0, 200))
counts = st.integers(min_value=1, max_value=7)


@given(st.lists(names, unique=True), counts, st.randoms())
def test_every_test_is_in_exactly_one_slice_whatever_the_order_of_collection(
    node_ids: list[str], count: int, chance: object
) -> None:
    slices = [in_slice(node_ids, number, count) for number in range(1, count + 1)]
    assert sorted(name for one in slices for name in one) == sorted(node_ids)
    shuffled = list(node_ids)
    chance.shuffle(shuffled)  # type: ignore[attr-defined]
    assert slices == [in_slice(shuffled, number, count) for number in range(1, count + 1)]


@given(st.lists(names, unique=True), counts)
def test_slices_differ_by_one_test_at_most_in_all_and_in_each_file(node_ids: list[str], count: int) -> None:
    slices = [in_slice(node_ids, number, count) for number in range(1, count + 1)]
    for file in ("", "tests/a.py", "tests/b.py", "tests/c.py"):
        sizes = [sum(name.startswith(file) for name in one) for one in slices]
        assert max(sizes) - min(sizes) <= 1


def test_a_commit_always_runs_the_same_slice_and_commits_share_them_out() -> None:
    commits = [f"{number * 2654435761 % 2**32:08x}{'0' * 32}" for number in range(300)]
    chosen = [of_commit(commit, 3) for commit in commits]
    assert chosen == [of_commit(commit, 3) for commit in commits]
    assert all(80 < chosen.count(number) < 120 for number in (1, 2, 3))


@pytest.mark.parametrize("commit", ["", "fatal: not a git repository", "HEAD"])
def test_without_a_commit_it_is_the_first_slice(commit: str) -> None:
    assert of_commit(commit, 3) == 1


@pytest.fixture
def long_tests(tmp_path: Path) -> Path:
    """Two files of long and fast tests, parametrized as the real ones are."""
    for name, count in (("test_one", 5), ("test_two", 4)):
        lines = ["import pytest"]
        lines += [f"@pytest.mark.slow\n@pytest.mark.parametrize('n', range({count}))\ndef test_long(n): pass"]
        lines += ["def test_fast(): pass"]
        (tmp_path / f"{name}.py").write_text("\n".join(lines))
    return tmp_path


def collected(folder: Path, *options: str) -> list[str]:
    command = [
        sys.executable,
        "-m",
        "pytest",
        "--collect-only",
        "-q",
        "-p",
        "tests.support.slices",
        "-p",
        "no:cacheprovider",
    ]
    command += ["--rootdir", str(folder), "-c", "/dev/null", *options, str(folder)]
    environment = {**os.environ, "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"}  # they take longer than the collection
    done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return re.findall(r"^\S+::\S+$", done.stdout, re.MULTILINE)


def test_pytest_collects_each_long_test_in_one_slice_and_no_fast_one(long_tests: Path) -> None:
    slices = [collected(long_tests, "--slice", f"{number}/2") for number in (1, 2)]
    long = [name for name in collected(long_tests) if "test_long" in name]
    assert len(long) == 9
    assert sorted(slices[0] + slices[1]) == sorted(long)


def test_a_module_of_long_tests_alone_is_read_only_where_long_tests_are_wanted(tmp_path: Path) -> None:
    text = "import pytest\nfrom pathlib import Path\nPath(__file__).with_name('read').touch()\n"
    (tmp_path / "test_slow.py").write_text(f"{text}pytestmark = [pytest.mark.slow]\ndef test_long(): pass\n")
    (tmp_path / "test_fast.py").write_text("def test_short(): pass\n")
    assert [name.split("::")[1] for name in collected(tmp_path, "-m", "not slow")] == ["test_short"]
    assert not (tmp_path / "read").exists()
    assert len(collected(tmp_path)) == 2
    assert (tmp_path / "read").exists()


@pytest.mark.parametrize("number", ["0", "4"])
def test_a_slice_that_does_not_exist_is_refused_before_anything_runs(
    number: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as refused:
        main(["--of", "3", "--number", number])
    assert refused.value.code == 2
    assert f"there is no slice {number}: N goes from 1 to 3" in capsys.readouterr().err


def test_the_summary_tells_each_parts_time_and_sums_the_figures() -> None:
    zero = dict.fromkeys(("passed", "failed", "faults", "checks", "lost", "doubled"), 0)
    parts = [
        Ran("fast part", 0, 480.0, {**zero, "passed": 3000, "checks": 20, "faults": 10}),
        Ran("slice 1 of 1", 1, 1230.0, {**zero, "passed": 400, "failed": 1, "checks": 900, "faults": 950, "lost": 2}),
    ]
    told = summary(parts).splitlines()
    assert told[0].split() == ["fast", "part", "8.0", "min", "3,000", "passed,", "0", "failed"]
    assert told[1].endswith("20.5 min  400 passed, 1 failed; pytest ended with 1")
    assert told[2].split() == ["all", "28.5", "min", "3,400", "passed,", "1", "failed"]
    assert told[3] == (
        "faults injected: 960; checks of every item in every tier: 920; items lost: 2, doubled or altered: 0"
    )


def test_make_and_ci_speak_of_the_same_slices() -> None:
    helped = subprocess.run(["make", "help"], cwd=ROOT, capture_output=True, text=True, check=True).stdout
    slices = re.search(r"^SLICES := (\d+)$", (ROOT / "Makefile").read_text(), re.MULTILINE)
    assert slices
    assert f"make test-slice  Run one of the {slices[1]} slices" in helped
    assert (ROOT / ".ci" / "run").read_text().splitlines()[-5:] == [
        "make lint",
        "make docs",
        "make test",
        "make test-wheel",
        "make test-slice",
    ]
    assert (ROOT / WHEEL).is_file(), "CI runs it beside the slice"
