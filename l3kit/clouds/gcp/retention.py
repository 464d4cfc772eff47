"""Copies of a twin's deleted data that Google Cloud keeps: former states of Firestore, and log lines."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import TYPE_CHECKING, cast

from l3kit.clouds.gcp.control.place import FIRESTORE
from l3kit.clouds.gcp.control.refusals import explained, unless_missing
from l3kit.clouds.ports.retention import Retained
from l3kit.tiering.settings.function_table import StoreName

if TYPE_CHECKING:
    from l3kit.clouds.gcp.cloud import GcpCloud
    from l3kit.clouds.gcp.session import GcpSession
    from l3kit.clouds.ports.cloud import Cloud
    from l3kit.twin.config import Twin

RECOVERY_DAYS = 7
"""Days that Firestore keeps former states where point-in-time recovery is on."""
PLAIN_DAYS = 1
"""The hour that Firestore keeps them everywhere else, in whole days."""
SCHEDULED = "Scheduled backups last as their schedule says: gcloud firestore backups list"
LOG_POLICY = "The log bucket's retention decides, 30 days unless it was changed"
ROLE = "roles/datastore.user on the project"


class GcpRetention:
    """The port `Retention` for Google Cloud.

    l3kit makes a twin's buckets without soft delete, and its database without point-in-time recovery, which an operator
    may switch on.
    """

    def retained(self, cloud: Cloud, twin: Twin, stores: Collection[StoreName]) -> Sequence[Retained]:
        logs = Retained("log lines that name the device", None, LOG_POLICY)
        if not {"hot", "journal"} & {*stores}:
            return (logs,)
        return (_of_database(cast("GcpCloud", cloud).session, twin), logs)

    def of_expired(self, twin: Twin) -> Retained | None:
        return None


def _of_database(session: GcpSession, twin: Twin) -> Retained:
    database = session.database_of(twin.name)
    with explained(f"database {database}", ROLE):
        path = f"v1/projects/{session.project}/databases/{database}"
        there = unless_missing(lambda: session.control.get(FIRESTORE, path)) or {}
    if there.get("pointInTimeRecoveryEnablement") == "POINT_IN_TIME_RECOVERY_ENABLED":
        return Retained(f"point-in-time recovery of the Firestore database {database}", RECOVERY_DAYS, SCHEDULED)
    return Retained(f"former states of the Firestore database {database}, for an hour", PLAIN_DAYS, SCHEDULED)


RETENTION = GcpRetention()
