"""Loads into every hot store: each row once, and what the store holds is never written over unasked."""

from __future__ import annotations

from pathlib import Path

from l3kit.conformance import Backend
from l3kit.conformance.hot_items import use
from l3kit.tiering.format.equal_items import equal_content
from l3kit.tiering.ports import HotStore
from l3kit.twin.config import Twin
from tests.integration.aws.conftest import write_twin
from tests.support.loading import loading

HEAD = "device;time;v;w\n"
DEVICES = ("pump-1", "pump 2+ü")


def line(device: str, second: int, value: str) -> str:
    return f"{device};2026-05-31T08:30:{second:02d}Z;{value};a 'b' ü\n"


async def stored(store: HotStore, device: str) -> list[bytes]:
    page = await store.read_page(device, before="9")
    return page.items


def test_rows_are_created_found_again_kept_and_replaced(backend: Backend, tmp_path: Path) -> None:
    (tmp_path / "twin").mkdir()
    write_twin(tmp_path / "twin", "plant", "aws", "aws", "aws", [DEVICES[0]])
    twin, file = Twin.load(tmp_path / "twin"), tmp_path / "a.csv"
    file.write_text(HEAD + "".join(line(one, n, f"{n}.250") for n in range(4) for one in DEVICES))

    async def steps(store: HotStore) -> None:
        first = await loading(store, twin, file, rows=3, add_devices=True)
        assert (first.total("created"), first.devices_added) == (8, (DEVICES[1],))
        again = await loading(store, Twin.load(twin.path), file, rows=3)
        assert (again.total("created"), again.total("same")) == (0, 8)
        file.write_text(HEAD + line(DEVICES[0], 0, "0.25") + line(DEVICES[0], 1, "7.0") + line(DEVICES[0], 4, "1E-7"))
        kept = await loading(store, twin, file)
        assert (kept.total("same"), kept.total("created"), kept.total("bad")) == (1, 1, 1)
        replaced = await loading(store, twin, file, replace=True)
        assert (replaced.total("same"), replaced.total("replaced")) == (2, 1)
        values = ["0.25", "7", "2.25", "3.25", "1E-7"]
        for item, (second, value) in zip(await stored(store, DEVICES[0]), enumerate(values), strict=True):
            head = f'{{"iotDeviceId":"pump-1","id":"2026-05-31T08:30:{second:02d}Z"'
            assert equal_content(item, f'{head},"v":{value},"w":"a \'b\' ü"}}'.encode())
        assert len(await stored(store, DEVICES[1])) == 4

    use(backend, steps)
