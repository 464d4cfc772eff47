"""Desired resources of a twin on Toybox: the port `Provisioner`."""

from __future__ import annotations

import sys
import zipfile
from collections.abc import Collection, Mapping, Sequence
from io import BytesIO
from pathlib import Path
from typing import TYPE_CHECKING

from l3kit.clouds.ports.resources import Resource
from l3kit.clouds.shared.cloud_function import BuiltFunction, CloudFunction
from l3kit.clouds.shared.environment import environment
from l3kit.clouds.shared.links import LinkAddress
from l3kit.tiering.settings.function_table import TIMEOUT_VARIABLE, StoreName
from l3kit.twin.cron_forms import unix_cron
from l3kit.twin.layout import SCHEDULED
from tests.toy_cloud.function_server import FUNCTION_FILE
from tests.toy_cloud.names import NAME, function_name, store_name
from tests.toy_cloud.provider import FOLDER_VARIABLE
from tests.toy_cloud.stores import StoreFolder

if TYPE_CHECKING:
    from l3kit.clouds.ports.deployed_links import DeployedLinks
    from l3kit.clouds.ports.function_host import FunctionHost
    from l3kit.clouds.ports.provisioner import PendingChanges
    from l3kit.twin.config import Twin

TIMEOUT_SECONDS = 300
MARGIN_SECONDS = 10
STORES: Mapping[str, tuple[StoreName, ...]] = {"hot": ("hot", "journal"), "cold": ("cold",), "archive": ("archive",)}
EPOCH = (1980, 1, 1, 0, 0, 0)


class ToyProvisioner:
    """The resources of one twin."""

    provider = NAME

    def __init__(self, twin: Twin, folder: Path, host: FunctionHost, links: DeployedLinks) -> None:
        self._twin = twin
        self._folder = folder
        self._host = host
        self._links = links

    def preflight(self) -> tuple[str, ...]:
        unix_cron(self._twin.config.mover_schedule)
        return ()

    def foundation(self) -> Sequence[Resource]:
        return ()

    def shared(self, functions: Sequence[str]) -> Sequence[Resource]:
        return ()

    def left_over_shared(self, functions: Sequence[str]) -> Sequence[Resource]:
        return ()

    def left_behind(self) -> tuple[str, ...]:
        return ()

    def stores(self, tiers: Collection[str]) -> Sequence[Resource]:
        wanted = [store for tier, stores in STORES.items() if tier in tiers for store in stores]
        twin = self._twin.name
        return [StoreFolder(self._folder, store_name(twin, store), twin, f"{store} store") for store in wanted]

    def function_parts(self, function: str, pending_changes: PendingChanges) -> Sequence[Resource]:
        twin, mover = self._twin, function in SCHEDULED
        entrance = twin.layout.entrance_of(function)
        job = {"name": function, "schedule": unix_cron(twin.config.schedule_of(function)), "body": "{}"}
        deployed = CloudFunction(
            self._host,
            function_name(twin.name, function),
            twin.name,
            f"{sys.version_info.major}.{sys.version_info.minor}",
            TIMEOUT_SECONDS,
            entrance is not None,
            lambda: self._built(function),
            pending_changes,
            (job,) if mover else (),
        )
        if entrance is None or entrance.target != NAME:
            return [deployed]
        return [deployed, LinkAddress(self._links, entrance.id)]

    def schedules(self, functions: Sequence[str]) -> Sequence[Resource]:
        return ()

    def left_over_schedules(self, functions: Sequence[str]) -> Sequence[Resource]:
        return ()

    def left_over_addresses(self, functions: Sequence[str]) -> Sequence[Resource]:
        return ()

    def alarms(self) -> Sequence[Resource]:
        return ()

    def left_over_alarms(self) -> Sequence[Resource]:
        return ()

    def _address(self, function: str) -> str:
        return self._host.address(function_name(self._twin.name, function))

    def _built(self, function: str) -> BuiltFunction:
        more = {FOLDER_VARIABLE: str(self._folder), TIMEOUT_VARIABLE: str(TIMEOUT_SECONDS - MARGIN_SECONDS)}
        twin = self._twin
        settings, files = environment(
            twin, self._links, NAME, function, lambda store: store_name(twin.name, store), self._address, more
        )
        return BuiltFunction(zipped({FUNCTION_FILE: function.encode(), **files}), settings)


def zipped(files: Mapping[str, bytes]) -> bytes:
    """Return a zip; the same files give the same bytes."""
    buffer = BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for name in sorted(files):
            archive.writestr(zipfile.ZipInfo(name, EPOCH), files[name])
    return buffer.getvalue()
