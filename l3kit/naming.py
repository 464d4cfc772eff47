"""Every resource name of a twin, per cloud, within its limits. Pure: the same twin always gets the same names."""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass

from l3kit.errors import ConfigurationError
from l3kit.tiering.settings import Resource

TWIN_NAME = re.compile(r"[a-z][a-z0-9]*(-[a-z0-9]+)*")
"""Lower case, digits and single dashes: what every cloud's buckets, functions and roles allow alike."""
MAX_TWIN_NAME = 28
"""Characters; leaves room for `-archive-iot-data-` and the suffix in a bucket's 63, and the longest function's 64."""
BUCKET_SUFFIX = 8

TAG_TWIN = "l3kit:twin"
"""The tag or label that says which twin owns a resource."""


def check_twin_name(name: str) -> str:
    """Return the name. Raises: ConfigurationError where some cloud would refuse a name made of it."""
    if len(name) > MAX_TWIN_NAME or not TWIN_NAME.fullmatch(name):
        raise ConfigurationError(
            f"digital_twin_name {name!r}",
            f"must be 1 to {MAX_TWIN_NAME} lower-case letters, digits and single dashes, beginning with a letter",
            "Rename the twin",
        )
    return name


@dataclass(frozen=True, slots=True)
class AwsNames:
    """Names on AWS.

    Args:
        twin_name: checked by `check_twin_name`.
        account_id: 12 digits. Buckets are unique in the whole world: their names end in a digest of account, region
            and twin, which stays the same over re-deployments.
    """

    twin_name: str
    account_id: str
    region: str

    def __post_init__(self) -> None:
        check_twin_name(self.twin_name)

    def function(self, function: str) -> str:
        """Deployed name of one of `settings.FUNCTIONS`. At most 64 characters."""
        return _limited(f"{self.twin_name}-{function}", 64)

    def role(self, function: str) -> str:
        """The role that a function runs as. At most 64 characters."""
        return _limited(f"{self.twin_name}-{function}", 64)

    def log_group(self, function: str) -> str:
        return f"/aws/lambda/{self.function(function)}"

    def schedule(self, function: str) -> str:
        """The schedule that starts a mover. At most 64 characters."""
        return _limited(f"{self.twin_name}-{function}", 64)

    def scheduler_role(self) -> str:
        """The role with which EventBridge Scheduler invokes the movers."""
        return _limited(f"{self.twin_name}-scheduler", 64)

    def hot_cold_mover_lambda_function(self) -> str:
        return self.function("hot-to-cold-mover")

    def hot_cold_mover_iam_role(self) -> str:
        return self.role("hot-to-cold-mover")

    def hot_cold_mover_schedule(self) -> str:
        return self.schedule("hot-to-cold-mover")

    def cold_archive_mover_lambda_function(self) -> str:
        return self.function("cold-to-archive-mover")

    def cold_archive_mover_iam_role(self) -> str:
        return self.role("cold-to-archive-mover")

    def cold_archive_mover_schedule(self) -> str:
        return self.schedule("cold-to-archive-mover")

    def cold_writer_lambda_function(self) -> str:
        """The cold writer, deployed where the hot tier is on another cloud."""
        return self.function("cold-writer")

    def cold_writer_iam_role(self) -> str:
        return self.role("cold-writer")

    def archive_writer_lambda_function(self) -> str:
        """The archive writer, deployed where the cold tier is on another cloud."""
        return self.function("archive-writer")

    def archive_writer_iam_role(self) -> str:
        return self.role("archive-writer")

    def hot_reader_lambda_function(self) -> str:
        return self.function("hot-reader")

    def hot_reader_iam_role(self) -> str:
        return self.role("hot-reader")

    def hot_reader_last_entry_lambda_function(self) -> str:
        return self.function("hot-reader-last-entry")

    def hot_reader_last_entry_iam_role(self) -> str:
        return self.role("hot-reader-last-entry")

    def hot_dynamodb_table(self) -> str:
        """At most 255 characters."""
        return f"{self.twin_name}-hot-iot-data"

    def journal_dynamodb_table(self) -> str:
        return f"{self.twin_name}-journal"

    def cold_s3_bucket(self) -> str:
        """At most 63 characters, unique in the world."""
        return self._bucket("cold-iot-data")

    def archive_s3_bucket(self) -> str:
        return self._bucket("archive-iot-data")

    def store(self, resource: Resource) -> str:
        """The table or bucket of a tier, or the journal's table."""
        return {
            "hot": self.hot_dynamodb_table,
            "journal": self.journal_dynamodb_table,
            "cold": self.cold_s3_bucket,
            "archive": self.archive_s3_bucket,
        }[resource]()

    def _bucket(self, kind: str) -> str:
        return _limited(f"{self.twin_name}-{kind}-{_digest(self._identity(), BUCKET_SUFFIX)}", 63)

    def _identity(self) -> str:
        return f"{self.account_id}/{self.region}/{self.twin_name}"


@dataclass(frozen=True, slots=True)
class AzureNames:
    """Names on Azure.

    Args:
        twin_name: checked by `check_twin_name`.
        subscription: id of the subscription. Function apps are unique in the whole world: their names end in a
            digest of subscription, region and twin.
    """

    twin_name: str
    subscription: str
    region: str

    def __post_init__(self) -> None:
        check_twin_name(self.twin_name)

    def function(self, function: str) -> str:
        """The function app of one of `settings.FUNCTIONS`: each has its own. 2 to 60 characters."""
        digest = _digest(f"{self.subscription}/{self.region}/{self.twin_name}", 8)
        return _limited(f"{self.twin_name}-{function}-{digest}", 60)

    def database(self) -> str:
        """The Cosmos DB database that holds the twin's containers."""
        return f"l3kit-{self.twin_name}"

    def store(self, resource: Resource) -> str:
        """The Cosmos DB or blob container of a tier, or the journal's. 3 to 63 characters."""
        return f"{self.twin_name}-{_STORE_NAMES[resource]}"


@dataclass(frozen=True, slots=True)
class GcpNames:
    """Names on Google Cloud.

    Args:
        twin_name: checked by `check_twin_name`.
        project: id of the project. Buckets are unique in the whole world: their names end in a digest of project,
            region and twin.
    """

    twin_name: str
    project: str
    region: str

    def __post_init__(self) -> None:
        check_twin_name(self.twin_name)

    def function(self, function: str) -> str:
        """Deployed name of one of `settings.FUNCTIONS`. At most 63 characters, as Cloud Run allows."""
        return _limited(f"{self.twin_name}-{function}", 63)

    def schedule(self, function: str) -> str:
        """The Cloud Scheduler job that starts a mover."""
        return _limited(f"{self.twin_name}-{function}", 63)

    def store(self, resource: Resource) -> str:
        """The root collection or bucket of a tier, or the journal's collection. Buckets: at most 63 characters."""
        name = f"{self.twin_name}-{_STORE_NAMES[resource]}"
        if resource in ("hot", "journal"):
            return name
        return _limited(f"{name}-{_digest(f'{self.project}/{self.region}/{self.twin_name}', BUCKET_SUFFIX)}", 63)


_STORE_NAMES = {"hot": "hot-iot-data", "journal": "journal", "cold": "cold-iot-data", "archive": "archive-iot-data"}


def _limited(name: str, limit: int) -> str:
    """Cut a name that is too long and end it in a digest, so that two of them never become one."""
    if len(name) <= limit:
        return name
    return f"{name[: limit - 9].rstrip('-')}-{_digest(name, 8)}"


def _digest(text: str, length: int) -> str:
    return hashlib.sha256(text.encode()).hexdigest()[:length]
