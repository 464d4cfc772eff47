"""Any file, any crash: each row is in the hot tier once, or in the bad-rows file once."""

from __future__ import annotations

import tempfile
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from l3kit.errors import ConfigurationError, StoreError
from l3kit.operate.load.kept import LoadStoppedError
from l3kit.twin.config import Twin
from tests.integration.aws.conftest import write_twin
from tests.support.loading import FAULTS, Fault, FaultyHotStore, KilledError, load_into, restore

ROWS = st.one_of(
    st.tuples(st.sampled_from(["pump-1", "pump-2"]), st.integers(0, 5), st.sampled_from(["1", "1.0", "2"])),
    st.tuples(st.just("pump-1"), st.just("soon"), st.just("0")),
    st.tuples(st.just("stranger"), st.integers(0, 5), st.just("3")),
)


def text_of(device: str, when: int | str, value: str) -> str:
    time = f"2026-05-31T08:30:{when:02d}Z" if isinstance(when, int) else when
    return f"{device},{time},{value}\n"


def loaded(folder: Path, rows: list[tuple[str, int | str, str]], faults: list[tuple[int, Fault]]) -> tuple[object, str]:
    """Load rows, again after each fault. Returns: what the store holds, and the bad-rows file."""
    (folder / "twin").mkdir()
    write_twin(folder / "twin", "plant", "aws", "aws", "aws", ["pump-1", "pump-2"])
    twin, file = Twin.load(folder / "twin"), folder / "data" / "a.csv"
    file.parent.mkdir()
    file.write_text("device,time,v\n" + "".join(text_of(*row) for row in rows))
    store = FaultyHotStore(folder=file.parent)
    for at, fault in [*faults, (0, FAULTS[0])]:
        store.left, store.fault = at, fault
        try:
            report = load_into(store, twin, file)
        except KilledError:
            restore(file.parent)
            continue
        except (LoadStoppedError, StoreError):
            continue
        except ConfigurationError:
            return {}, "refused"
        if at:
            break  # it ended before the fault
    bad = [path.read_text() for path in file.parent.glob("*.bad*.csv")]
    assert len(bad) <= 1
    assert report.total("rows") == len(rows)
    return store.devices, "".join(bad)


FAULTY = st.lists(st.tuples(st.integers(1, 6), st.sampled_from(FAULTS)), min_size=1, max_size=3)


@settings(max_examples=20)
@given(st.lists(ROWS, min_size=1, max_size=14), FAULTY)
def test_a_load_with_crashes_ends_like_one_without(
    rows: list[tuple[str, int | str, str]], faults: list[tuple[int, Fault]]
) -> None:
    check_crashes(rows, faults)


@pytest.mark.slow
@settings(max_examples=300)
@given(st.lists(ROWS, min_size=1, max_size=20), FAULTY)
def test_many_loads_with_crashes_end_like_one_without(
    rows: list[tuple[str, int | str, str]], faults: list[tuple[int, Fault]]
) -> None:
    check_crashes(rows, faults)


def check_crashes(rows: list[tuple[str, int | str, str]], faults: list[tuple[int, Fault]]) -> None:
    """Compare with a load without a fault, and look for each row in the store and in the bad-rows file."""
    with tempfile.TemporaryDirectory() as one, tempfile.TemporaryDirectory() as other:
        plain = loaded(Path(one), rows, [])
        assert loaded(Path(other), rows, faults) == plain
    if plain[1] == "refused":
        assert all("soon" in text_of(*row) or row[0] == "stranger" for row in rows)
        return
    stored, bad = plain
    for number, row in enumerate(rows, 2):
        device, when, value = row
        item = stored.get(device, {}).get(f"2026-05-31T08:30:{when:02d}Z", b"") if isinstance(when, int) else b""  # type: ignore[attr-defined]
        in_store = bool(item) and float(item.rpartition(b":")[2].strip(b"}")) == float(value)
        times = sum(line.startswith(f"{number},") for line in bad.splitlines())
        assert times == (0 if in_store else 1), (row, bad)
