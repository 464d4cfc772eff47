"""First-light on AWS: billed requests, the account, and log groups, also those created by others."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from decimal import Decimal
from typing import TYPE_CHECKING

from l3kit.clouds.aws.cloud import AwsCloud
from l3kit.clouds.aws.control.context import Context
from l3kit.clouds.aws.control.logs import groups_of
from l3kit.clouds.ports.first_light import Account, Amounts, ExpectedUse

if TYPE_CHECKING:
    from l3kit.clouds.aws.session import AwsSession
    from l3kit.clouds.ports.cloud import Cloud
    from l3kit.twin.config import Twin

OBJECT_BYTES = 131_072
"""Minimum billed size of an object in Standard-IA."""
ARCHIVE_BYTES = 131_072
"""Upper bound for an archived chunk of these items, with the 40 KB that Deep Archive adds to each object."""


class AwsFirstLight:
    """The port `FirstLight`."""

    packages = ("boto3", "botocore")
    shared_kinds = ()
    archive_answers = False
    minutes = "5 to 15 minutes"
    settling_seconds = 0.0

    def uses(self, amounts: Amounts) -> Iterator[ExpectedUse]:
        items, chunks, archived = amounts.items, amounts.chunks, amounts.archived
        table, standard, cold, archive = (
            ("dynamodb", "on_demand"),
            ("s3", "standard"),
            ("s3", "standard_ia"),
            ("s3", "deep_archive"),
        )
        functions, logs = ("lambda", "x86"), ("logs", "standard")
        rows: tuple[tuple[str, str, tuple[str, str], str, int | str], ...] = (
            ("ingest", "items written and, once moved, deleted", table, "write_unit", 2 * items),
            ("hot to cold", "journal records and their swaps", table, "write_unit", 100),
            ("reads", "items read by the movers and by three queries", table, "read_unit", 4 * items),
            ("cold storage", "settings of the buckets, lists, reports", standard, "put", 200),
            ("hot to cold", "chunks stored", cold, "put", chunks),
            ("reads", "chunks read", cold, "get", 20),
            ("cold to archive", "chunks archived", archive, "put", archived),
            ("cold storage", "30 days at least, for each object", cold, "storage", OBJECT_BYTES * chunks),
            ("archive storage", "180 days at least", archive, "storage", ARCHIVE_BYTES * archived * 6),
            ("hot to cold", "calls of the functions", functions, "requests", 6),
            ("hot to cold", "2 runs of at most 30 s with 1,769 MB", functions, "compute", "103.65"),
            ("cold to archive", "2 runs of at most 30 s with 1,024 MB", functions, "compute", 60),
            ("schedules", "log lines", logs, "ingest", 1_000_000),
        )
        for part, item, (service, tier), rate, quantity in rows:
            yield ExpectedUse(part, item, service, tier, rate, Decimal(quantity))

    def unpriced(self) -> tuple[str, ...]:
        return ()

    def check(self, cloud: Cloud) -> None:
        """Nothing: the permissions to deploy are all."""

    def account(self, cloud: Cloud) -> Account:
        session = _session(cloud)
        return Account(session.account_id, session.region)

    def watch_calls(self, cloud: Cloud, seen: Callable[[str], None]) -> None:
        """Boto3's calls, by service and operation."""
        _session(cloud).watch_calls(seen)

    def settle(self, cloud: Cloud) -> None:
        """Nothing: what is being created is found."""

    def recorder(self, cloud: Cloud, twin: Twin) -> None:
        return None

    def kept(self, cloud: Cloud, twin: Twin) -> tuple[str, ...]:
        return ()

    def left_behind(self, cloud: Cloud, twin: Twin) -> list[str]:
        """Log groups, whoever made them."""
        session = _session(cloud)
        return [f"log group {name}" for name in groups_of(Context(session, session.names(twin.name)))]

    def secrets(self, cloud: Cloud, twin: Twin) -> tuple[str, ...]:
        """The account's id, and its digest at the end of bucket names, short enough for a brute-force search."""
        session = _session(cloud)
        return (session.account_id, session.names(twin.name).cold_s3_bucket().rsplit("-", 1)[-1])


def _session(cloud: Cloud) -> AwsSession:
    assert isinstance(cloud, AwsCloud)
    return cloud.session


FIRST_LIGHT = AwsFirstLight()
