"""The cold-to-archive mover: what is old enough, what is skipped and why, and that the source goes last."""

from __future__ import annotations

import asyncio
import hashlib
import json
import logging
from datetime import timedelta
from typing import Any

import pytest

from l3kit.clouds.aws.data.variables import VARIABLES
from l3kit.errors import ConfigurationError, StoreError
from l3kit.tiering.format.chunks import CANARY_DEVICE
from l3kit.tiering.movers.archive_targets import LocalArchive
from l3kit.tiering.movers.cold_to_archive import FOREIGN, REPORT_PREFIX, ColdToArchive
from l3kit.tiering.movers.report import RunReport
from l3kit.tiering.ports import ObjectInfo, ObjectStore
from l3kit.tiering.settings.loading import load_settings
from l3kit.tiering.settings.tuning import MAX_SAFE_OBJECT_SIZE, Tuning
from l3kit.tiering.settings.twin_info import TwinInfo, is_multi_cloud
from tests.support.archiving import NOW, URL, World, key_of, put
from tests.support.lambda_calls import environment, info_with
from tests.support.memory_stores import MemoryObjectStore
from tests.support.moving import Instead

# --- local or remote --------------------------------------------------------------------------------------------


def twin(**providers: str | None) -> TwinInfo:
    return TwinInfo.parse(info_with(**providers))


def test_is_multi_cloud_archive_no_url_returns_false() -> None:
    different = twin(cold="aws", archive="gcp")
    assert [is_multi_cloud(url, different, "cold", "archive") for url in (None, "", "  ")] == [False] * 3


def test_is_multi_cloud_archive_different_providers() -> None:
    assert is_multi_cloud(URL, twin(cold="aws", archive="gcp"), "cold", "archive") is True


def test_is_multi_cloud_archive_same_providers() -> None:
    assert is_multi_cloud(URL, twin(hot="gcp", cold="aws", archive="aws"), "cold", "archive") is False


@pytest.mark.parametrize("missing", [None, ""])
def test_a_url_without_providers_is_a_configuration_error(missing: str | None) -> None:
    with pytest.raises(ConfigurationError, match="layer_3_archive_provider"):
        is_multi_cloud(URL, twin(archive=missing), "cold", "archive")


def test_cold_archive_mover_uses_correct_env_vars() -> None:
    old_names = {"SOURCE_S3_BUCKET_NAME": "x", "TARGET_S3_BUCKET_NAME": "y", "S3_BUCKET_NAME": "z"}
    loaded = load_settings("cold-to-archive-mover", environment() | old_names, cloud=VARIABLES)
    assert loaded.stores == {"cold": "cold", "archive": "archive"}


# --- one cloud --------------------------------------------------------------------------------------------------


def test_archive_mover_single_cloud_copies_s3() -> None:
    world = World()
    put(world.cold, key_of(100), items="7")
    report = world.run()
    assert world.archived() == {key_of(100): b'[{"a":1}]'}
    assert (report.verdict, report.to_json()["items"], report.to_json()["chunks"]) == ("complete", 7, 1)
    assert world.archive.usage.requests == {"copy": 1, "put": 1}
    assert world.archive.objects[key_of(100)][0].metadata["items"] == "7"


def test_archive_mover_deletes_after_success() -> None:
    world = World()
    put(world.cold, key_of(100))
    world.run()
    assert world.cold_keys() == []


def test_age_is_that_of_the_data_and_not_of_the_object() -> None:
    world = World()
    world.cold.now = NOW  # everything was stored just now
    for days in (89.9, 90, 90.1, 5000):
        put(world.cold, key_of(days))
    world.run()
    assert sorted(world.archived()) == sorted([key_of(90.1), key_of(5000)])
    assert world.cold_keys() == sorted([key_of(89.9), key_of(90)])


def test_foreign_keys_go_by_their_last_modification() -> None:
    world = World()
    world.cold.now = NOW - timedelta(days=91)
    put(world.cold, "exports/old.csv", b"a,b")
    world.cold.now = NOW
    put(world.cold, "exports/new.csv", b"a,b")
    report = world.run()
    assert (list(world.archived()), world.cold_keys()) == (["exports/old.csv"], ["exports/new.csv"])
    assert report.devices[0].device_id == FOREIGN


def test_reserved_keys_are_passed_over() -> None:
    world = World()
    world.cold.now = NOW - timedelta(days=400)
    put(world.cold, "_l3kit/reports/hot-to-cold-mover/x.json", b"{}")
    put(world.cold, "_l3kit/parts/x/00001-of-00002", b"{}")
    world.run()
    assert world.archived() == {}


def test_a_second_run_finds_nothing_to_do() -> None:
    world = World()
    put(world.cold, key_of(100))
    world.run()
    report = world.run()
    assert (report.verdict, report.devices, report.to_json()["chunks"]) == ("complete", (), 0)


def test_the_report_is_stored_beside_the_data() -> None:
    world = World()
    put(world.cold, key_of(100))
    report = world.run()
    key = f"{REPORT_PREFIX}2026-03-01T00:00:00Z-run-1.json"
    assert json.loads(world.cold.bodies()[key]) == report.to_json()
    assert report.to_json()["devices"][0]["keys"] == [key_of(100)]


@pytest.mark.parametrize("step", ["head", "copy_from", "delete"])
def test_archive_mover_no_delete_on_failure(step: str) -> None:
    """One object fails at each step; it stays, the others move, the report says why."""
    world = World()
    bad, good = key_of(100, "bad"), [key_of(100, f"good-{n}") for n in range(5)]
    for key in (bad, *good):
        put(world.cold, key)

    async def fail_bad(own: Any, *args: Any, **kwargs: Any) -> Any:
        if bad in args or any(isinstance(arg, ObjectInfo) and arg.key == bad for arg in args):
            raise StoreError(bad, "the store broke", "Try again")
        return await own(*args, **kwargs)

    cold, archive = (Instead(store, step, fail_bad) for store in (world.cold, world.archive))
    report = world.run(cold=cold, target=LocalArchive(archive))  # type: ignore[arg-type]
    assert world.cold_keys() == [bad]
    assert set(good) <= set(world.archived())
    assert report.verdict == "partial"
    (device,) = [device for device in report.devices if device.device_id == "bad"]
    assert (device.skipped[0].key, "the store broke" in device.skipped[0].reason) == (bad, True)
    assert world.run().verdict == "complete"
    assert (world.cold_keys(), len(world.archived())) == ([], 6)


def test_a_crash_between_copy_and_delete_is_settled_by_the_next_run() -> None:
    world = World()
    put(world.cold, key_of(100))
    put(world.archive, key_of(100))
    assert world.run().verdict == "complete"
    assert (world.cold_keys(), list(world.archived())) == ([], [key_of(100)])


def test_other_content_in_the_archive_is_reported_and_both_stay() -> None:
    world = World()
    put(world.cold, key_of(100), b"[1]")
    put(world.archive, key_of(100), b"[2]")
    report = world.run()
    assert (world.cold.objects[key_of(100)][1], world.archived()) == (b"[1]", {key_of(100): b"[2]"})
    reason = report.devices[0].skipped[0].reason
    assert "other content" in reason
    assert hashlib.sha256(b"[2]").hexdigest() in reason


def test_a_copy_that_is_not_what_was_copied_keeps_the_source() -> None:
    class Lying(MemoryObjectStore):
        async def copy_from(self, source: ObjectStore, info: ObjectInfo) -> ObjectInfo:
            return await self.create(info.key, b"[]", sha256="0" * 64)

    world = World(archive=Lying("archive"))
    put(world.cold, key_of(100))
    report = world.run()
    assert (world.cold_keys(), report.verdict) == ([key_of(100)], "failed")


def test_an_object_rewritten_while_it_is_archived_is_not_lost() -> None:
    class Rewriting(MemoryObjectStore):
        async def copy_from(self, source: Any, info: ObjectInfo) -> ObjectInfo:
            copied = await super().copy_from(source, info)
            del source.objects[info.key]
            await source.create(info.key, b"[new]", sha256=hashlib.sha256(b"[new]").hexdigest())
            return copied

    world = World(archive=Rewriting("archive"))
    put(world.cold, key_of(100))
    report = world.run()
    assert world.cold.objects[key_of(100)][1] == b"[new]"
    assert "changed after it was archived" in report.devices[0].skipped[0].reason


@pytest.mark.parametrize("seed", range(15))
def test_two_runs_at_once_lose_and_double_nothing(seed: int) -> None:
    world = World()
    keys = [key_of(100, f"d{n}") for n in range(6)]
    for key in keys:
        put(world.cold, key, f'["{key}"]'.encode())

    async def both() -> list[RunReport]:
        jobs = [
            ColdToArchive(
                cold=world.cold.delayed(seed + n),
                target=LocalArchive(world.archive.delayed(seed + 7 + n)),
                now=NOW,
                cold_days=90,
                run_id=f"run-{n}",
                clock=lambda: NOW,
                remaining=lambda: 900.0,
            )
            for n in range(2)
        ]
        return list(await asyncio.gather(*(job.run() for job in jobs)))

    reports = asyncio.run(both())
    assert world.archived() == {key: f'["{key}"]'.encode() for key in keys}
    assert world.cold_keys() == []
    assert [report.verdict for report in reports] == ["complete", "complete"]


# --- sizes ------------------------------------------------------------------------------------------------------


class Sized(MemoryObjectStore):
    """Says of one object that it has another size, so that 200 MiB need not be held."""

    sizes: dict[str, int] = {}  # noqa: RUF012

    def list(self, prefix: str = "") -> Any:
        async def sized() -> Any:
            async for info in super(Sized, self).list(prefix):
                yield ObjectInfo(info.key, self.sizes.get(info.key, info.size), info.etag, info.modified)

        return sized()


def test_s3_object_exactly_200mb() -> None:
    world = World(cold=Sized("cold"))
    put(world.cold, key_of(100))
    world.cold.sizes = {key_of(100): 200 * 1024 * 1024}
    assert world.run().verdict == "complete"
    assert list(world.archived()) == [key_of(100)]


def test_s3_object_200mb_plus_1(caplog: pytest.LogCaptureFixture) -> None:
    world = World(cold=Sized("cold"))
    put(world.cold, key_of(100))
    put(world.cold, key_of(101))
    world.cold.sizes = {key_of(100): 200 * 1024 * 1024 + 1}
    report = world.run()
    assert (world.cold_keys(), list(world.archived())) == ([key_of(100)], [key_of(101)])
    assert [skipped.key for skipped in report.devices[0].skipped] == [key_of(100)]
    assert any(record.levelno == logging.WARNING and key_of(100) in record.message for record in caplog.records)


def test_archive_mover_memory_guard_skips_large() -> None:
    world = World()
    put(world.cold, key_of(100), b'"' + b"x" * 1000 + b'"')
    report = world.run(tuning=Tuning(max_safe_object_size=1001))
    assert "MAX_SAFE_OBJECT_SIZE" in report.devices[0].skipped[0].reason
    assert world.archived() == {}


def test_archive_mover_memory_guard_processes_normal() -> None:
    world = World()
    put(world.cold, key_of(100), b'"' + b"x" * 1000 + b'"')
    assert world.run(tuning=Tuning(max_safe_object_size=1002)).verdict == "complete"
    assert MAX_SAFE_OBJECT_SIZE == 209_715_200


# --- seals, time ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("compression", ["none", "gzip", "zstd"])
def test_an_old_seal_is_removed_instead_of_archived(compression: str) -> None:
    world = World()
    how = {} if compression == "none" else {"content_encoding": compression}
    world.cold.now = NOW - timedelta(days=2)
    put(world.cold, key_of(100, compression=compression), b"[]", items="0", **how)
    report = world.run()
    assert (world.cold_keys(), world.archived(), report.to_json()["chunks"]) == ([], {}, 0)
    assert "seal" in report.devices[0].notes[0]


def test_a_fresh_seal_stays_however_old_its_data() -> None:
    world = World()
    world.cold.now = NOW - timedelta(minutes=20)
    put(world.cold, key_of(5000), b"[]", items="0")
    assert world.run().verdict == "complete"
    assert (world.cold_keys(), world.archived()) == ([key_of(5000)], {})


def test_a_run_stops_in_time_and_the_next_goes_on() -> None:
    world = World()
    for number in range(50):
        put(world.cold, key_of(100, number=number))
    left = iter(range(30, -1000, -1))
    report = world.run(remaining=lambda: float(next(left)))
    assert (report.verdict, report.devices[0].remains) == ("deadline", True)
    assert 0 < len(world.archived()) < 50
    assert len(world.archived()) + len(world.cold_keys()) == 50
    assert world.run().verdict == "complete"
    assert len(world.archived()) == 50


def test_a_cold_store_that_cannot_be_listed_is_told() -> None:
    class Broken(MemoryObjectStore):
        def list(self, prefix: str = "") -> Any:
            async def broken() -> Any:
                raise StoreError("cold", "access denied", "Apply the twin again")
                yield

            return broken()

    report = World(cold=Broken("cold", "cold")).run()
    assert (report.verdict, "access denied" in report.devices[0].skipped[0].reason) == ("failed", True)


def test_a_canary_s_chunk_stays_in_the_cold_tier() -> None:
    world = World()
    put(world.cold, key_of(100, CANARY_DEVICE))
    put(world.cold, key_of(100))
    report = world.run()
    assert [device.device_id for device in report.devices] == ["d"]
    assert world.cold_keys() == [key_of(100, CANARY_DEVICE)]
