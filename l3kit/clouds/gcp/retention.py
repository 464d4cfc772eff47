"""Copies of a twin's deleted data that Google Cloud keeps: former states of Firestore, and log lines."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import TYPE_CHECKING

from l3kit.clouds.ports.retention import Retained
from l3kit.tiering.settings.function_table import StoreName

if TYPE_CHECKING:
    from l3kit.clouds.ports.cloud import Cloud
    from l3kit.twin.config import Twin

RECOVERY_DAYS = 7
"""Days that Firestore keeps former states where point-in-time recovery is on."""
SOFT_DELETE_DAYS = 7
"""Days that Cloud Storage keeps deleted objects unless the bucket's policy is changed."""
BACKUPS = "It may be off. Scheduled backups last as their schedule says: gcloud firestore backups list"
LOG_POLICY = "The log bucket's retention decides, 30 days unless it was changed"


class GcpRetention:
    """The port `Retention` for Google Cloud. Its periods belong to a database that l3kit does not make."""

    def retained(self, cloud: Cloud, twin: Twin, stores: Collection[StoreName]) -> Sequence[Retained]:
        logs = Retained("log lines that name the device", None, LOG_POLICY)
        if not {"hot", "journal"} & {*stores}:
            return (logs,)
        return (Retained("point-in-time recovery of the Firestore database", RECOVERY_DAYS, BACKUPS), logs)

    def of_expired(self, twin: Twin) -> Retained | None:
        return Retained("soft delete keeps them", SOFT_DELETE_DAYS)


RETENTION = GcpRetention()
