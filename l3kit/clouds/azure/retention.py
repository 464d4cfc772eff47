"""Copies of a twin's deleted data that Azure keeps: backups of Cosmos DB, and log lines."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from typing import TYPE_CHECKING

from l3kit.clouds.ports.retention import Retained
from l3kit.tiering.settings.function_table import StoreName

if TYPE_CHECKING:
    from l3kit.clouds.ports.cloud import Cloud
    from l3kit.twin.config import Twin

BACKUP_POLICY = "The account's backup policy decides: continuous backups last 7 or 30 days"
SOFT_DELETE = "its account may keep deleted blobs and versions: its soft delete decides for how long"
LOG_POLICY = "The workspace's retention decides"


class AzureRetention:
    """The port `Retention` for Azure. Its periods belong to accounts that l3kit does not make."""

    def retained(self, cloud: Cloud, twin: Twin, stores: Collection[StoreName]) -> Sequence[Retained]:
        return (*_of_containers(cloud, twin, stores), Retained("log lines that name the device", None, LOG_POLICY))

    def of_expired(self, cloud: Cloud | None, twin: Twin) -> Retained | None:
        return Retained(SOFT_DELETE, None)


def _of_containers(cloud: Cloud, twin: Twin, stores: Collection[StoreName]) -> Iterator[Retained]:
    names: tuple[StoreName, ...] = ("hot", "journal")
    for store in (name for name in names if name in stores):
        yield Retained(f"backups of the container {cloud.store_name(twin, store)}", None, BACKUP_POLICY)


RETENTION = AzureRetention()
