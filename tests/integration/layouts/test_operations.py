"""Pauses and audits by the command line, of twins on Azure and Google Cloud: by turns the hot tier, whose journal has
the one mover's pauses, and the cold tier, which has the other's.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from datetime import timedelta
from pathlib import Path

import pytest

from l3kit.operate.coroutines import run
from l3kit.sandbox import SandboxState
from l3kit.sandbox.state import HOME_VARIABLE
from l3kit.session import Session, reached
from l3kit.tiering.format.chunks import parse_object_key
from l3kit.tiering.movers.report import iso
from l3kit.tiering.ports import ObjectStore
from l3kit.twin.config import Twin
from tests.integration.aws.conftest import MakeTwin
from tests.integration.layouts.test_layout_matrix import NOW
from tests.support.shell import Shell

pytestmark = [pytest.mark.sandbox, pytest.mark.slow]
Layout = tuple[str, str, str]
DEVICES = ["pump-1", "pump-2"]
FOREIGN = "notes.txt"
NUMBER = 77
"""Of a chunk that no mover wrote."""


def write_readings(file: Path, days_old: int) -> str:
    times = [iso(NOW - timedelta(days=days_old, minutes=-n)) for n in range(5)]
    file.write_text("device,time,v\n" + "".join(f"{d},{t},{n}.50\n" for d in DEVICES for n, t in enumerate(times)))
    return str(file)


def paused(told: dict[str, object]) -> list[object]:
    rows = told["paused"]
    assert isinstance(rows, list)
    return [row["device"] for row in rows]


def check_pauses(l3kit: Shell, file: Path) -> None:
    """Pause a device, then the twin, and resume both; in the end five readings of each device are in the archive."""

    def moves(mover: str, *, code: int = 0) -> dict[str, object]:
        return l3kit("run", mover, "--time", iso(NOW), code=code)

    def held() -> dict[str, int]:
        counts: dict[str, int] = l3kit("tiers")["items"]
        return counts

    l3kit("apply", "--yes")
    l3kit("load", write_readings(file, 200))
    assert paused(l3kit("pause", DEVICES[0], "--by", "ann", "--reason", "new disks")) == [DEVICES[0]]
    assert moves("hot-to-cold-mover", code=5)["verdict"] == "paused"
    assert held() == {"hot": 5, "cold": 5, "archive": 0}
    assert "ann" in str(l3kit("explain", DEVICES[0]))
    assert paused(l3kit("pause")) == [None, DEVICES[0]]
    assert moves("cold-to-archive-mover", code=5)["verdict"] == "paused"
    l3kit("apply", "--yes")
    assert moves("hot-to-cold-mover", code=5)["verdict"] == "paused"
    assert held() == {"hot": 5, "cold": 5, "archive": 0}
    assert any("paused" in finding["what"] for finding in l3kit("runs")["findings"])
    assert paused(l3kit("resume")) == [DEVICES[0]]
    assert moves("cold-to-archive-mover", code=5)["verdict"] == "paused", "of one device"
    assert held() == {"hot": 5, "cold": 0, "archive": 5}
    assert paused(l3kit("resume", DEVICES[0])) == []
    for mover in ("hot-to-cold-mover", "cold-to-archive-mover"):
        assert moves(mover)["verdict"] == "complete"
    assert held() == {"hot": 0, "cold": 0, "archive": 10}


def check_audits(l3kit: Shell, session: Session, twin: Twin, file: Path) -> None:
    """Audit what movers have left, then what hands have changed."""
    l3kit("load", write_readings(file, 60))
    l3kit("run", "hot-to-cold-mover", "--time", iso(NOW))
    whole = l3kit("audit")
    assert (whole["passed"], whole["faults"], whole["gaps"]) == (True, [], [])
    assert {row["tier"]: row["objects"] for row in whole["tiers"]} == {"cold": 2, "archive": 2}
    l3kit("audit", "--restore")
    again = l3kit("audit")
    assert (again["complete"], sum(row["items"] for row in again["tiers"])) == (True, 20), "a sandbox restores at once"
    missing, doubled = change_by_hand(reached(session, twin.layout.cold, "cold").object_store(twin, "cold"))
    found = l3kit("audit", code=5)["faults"]
    assert {(fault["kind"], fault["key"]) for fault in found} == {
        ("foreign key", FOREIGN),
        ("missing", missing),
        ("double", doubled),
    }


def change_by_hand(cold: ObjectStore) -> Sequence[str]:
    """Remove one chunk, store another one a second time, and put an object that is no chunk.

    Returns: where the first is missed, and the key of the second.
    """

    async def change() -> Sequence[str]:
        try:
            first, second = [info.key async for info in cold.list() if parse_object_key(info.key)]
            gone, there = parse_object_key(first), parse_object_key(second)
            assert gone is not None
            assert there is not None
            info, body = await cold.head(second), await cold.read(second)
            assert info is not None
            assert info.sha256 is not None
            double = str(dataclasses.replace(there, number=NUMBER))
            metadata = {name: text for name, text in info.metadata.items() if name != "sha256"}
            for key in (double, FOREIGN):
                await cold.create(key, body, sha256=info.sha256, metadata=metadata)
            await cold.delete(first)
            return f"{gone.device_id}/.../chunk-{gone.number:05d}.json", double
        finally:
            await cold.close()

    return run(change())


@pytest.mark.parametrize("layout", [("azure", "gcp", "azure"), ("gcp", "azure", "gcp")], ids="-".join)
def test_a_twin_is_paused_resumed_and_audited_by_the_command_line(
    all_clouds: SandboxState,
    clouds: Session,
    make_twin: MakeTwin,
    layout: Layout,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setenv(HOME_VARIABLE, str(all_clouds.home))
    twin = make_twin(*layout, devices=DEVICES)
    l3kit = Shell(twin.path, capsys)
    check_pauses(l3kit, tmp_path / "a.csv")
    check_audits(l3kit, clouds, twin, tmp_path / "b.csv")
