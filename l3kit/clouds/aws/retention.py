"""Copies of a twin's deleted data that AWS keeps: point-in-time backups of tables, former versions, log lines."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from typing import TYPE_CHECKING, cast

from l3kit.clouds.aws.control.bucket_rules import OLD_VERSION_DAYS
from l3kit.clouds.aws.control.calls import explained
from l3kit.clouds.aws.control.logs import RETENTION_DAYS
from l3kit.clouds.ports.retention import Retained
from l3kit.tiering.settings.function_table import StoreName

if TYPE_CHECKING:
    from l3kit.clouds.aws.cloud import AwsCloud
    from l3kit.clouds.ports.cloud import Cloud
    from l3kit.twin.config import Twin

RECOVERY_DAYS = 35
"""DynamoDB's period of point-in-time recovery unless a shorter one is set."""
OTHER_BACKUPS = "On-demand backups and those of AWS Backup stay until they are deleted: look in the console"


class AwsRetention:
    """The port `Retention` for AWS."""

    def retained(self, cloud: Cloud, twin: Twin, stores: Collection[StoreName]) -> Sequence[Retained]:
        own = cast("AwsCloud", cloud)
        return (*_of_tables(own, twin, stores), *_of_buckets(own, twin, stores), _LOGS)

    def of_expired(self, cloud: Cloud | None, twin: Twin) -> Retained | None:
        """The bucket has versioning where S3 itself copies into it: a precaution against overwriting."""
        return Retained("its bucket keeps former versions", OLD_VERSION_DAYS) if _is_copied_into(twin) else None


def _is_copied_into(twin: Twin) -> bool:
    return twin.layout.cold == twin.layout.archive


_LOGS = Retained("log lines of functions that name the device", RETENTION_DAYS)


def _of_tables(cloud: AwsCloud, twin: Twin, stores: Collection[StoreName]) -> Iterator[Retained]:
    names: tuple[StoreName, ...] = ("hot", "journal")
    for store in (name for name in names if name in stores):
        table = cloud.store_name(twin, store)
        with explained(f"table {table}"):
            client = cloud.session.client("dynamodb")
            described = client.describe_continuous_backups(TableName=table)["ContinuousBackupsDescription"]
        recovery = described["PointInTimeRecoveryDescription"]
        if recovery["PointInTimeRecoveryStatus"] == "ENABLED":
            days = int(recovery.get("RecoveryPeriodInDays", RECOVERY_DAYS))
            yield Retained(f"point-in-time backups of the table {table}", days, OTHER_BACKUPS)


def _of_buckets(cloud: AwsCloud, twin: Twin, stores: Collection[StoreName]) -> Iterator[Retained]:
    """Former versions that no key of a device leads to: of replayed dead letters, and of reports."""
    names: tuple[StoreName, ...] = ("cold", "archive", "letters")
    for store in (name for name in names if name in stores):
        what = "dead letters that were replayed" if store == "letters" else "reports that expired"
        yield Retained(
            f"versions of {what}, if the bucket {cloud.store_name(twin, store)} keeps them", OLD_VERSION_DAYS
        )


RETENTION = AwsRetention()
