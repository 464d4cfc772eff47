"""Names of a twin's resources on AWS. No I/O."""

from __future__ import annotations

from dataclasses import dataclass

from l3kit.tiering.settings.function_table import StoreName
from l3kit.twin.naming import BUCKET_SUFFIX, check_twin_name, digest, function_name, limited


@dataclass(frozen=True, slots=True)
class AwsNames:
    """Names on AWS.

    Args:
        twin_name: checked by `check_twin_name`.
        account_id: 12 digits. Bucket names are globally unique: they end in a digest of account, region
            and twin, which stays the same over re-deployments.
    """

    twin_name: str
    account_id: str
    region: str

    def __post_init__(self) -> None:
        check_twin_name(self.twin_name)

    def function(self, function: str) -> str:
        """Deployed name of one of `FUNCTIONS`. At most 64 characters."""
        return limited(function_name(self.twin_name, function), 64)

    def role(self, function: str) -> str:
        """The role that a function runs as. At most 64 characters."""
        return limited(function_name(self.twin_name, function), 64)

    def log_group(self, function: str) -> str:
        return f"/aws/lambda/{self.function(function)}"

    def schedule(self, function: str) -> str:
        """The schedule that starts a function, named like it. At most 64 characters."""
        return self.function(function)

    def schedule_group(self) -> str:
        """The group of the twin's schedules."""
        return f"l3kit-{self.twin_name}"

    def scheduler_role(self) -> str:
        """The role with which EventBridge Scheduler invokes the movers and the expirer."""
        return limited(f"{self.twin_name}-scheduler", 64)

    def topic_rule(self) -> str:
        """The IoT rule that invokes the dispatcher. Letters, digits and underscores, at most 128 characters."""
        return f"l3kit_{self.twin_name.replace('-', '_')}_telemetry"

    def topic_rule_role(self) -> str:
        """The role with which IoT Core stores messages for which it could not invoke the dispatcher."""
        return limited(f"{self.twin_name}-topic-rule", 64)

    def alarm(self, kind: str, mover: str = "") -> str:
        """One of the twin's alarms. At most 255 characters."""
        return "-".join(filter(None, (self.twin_name, mover, kind)))

    def alarm_topic(self) -> str:
        """The topic that alarms are published to. At most 256 characters."""
        return f"{self.twin_name}-alarms"

    def missed_starts_queue(self) -> str:
        """The queue of the starts that EventBridge Scheduler gave up. At most 80 characters."""
        return f"{self.twin_name}-missed-starts"

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

    def archive_expirer_lambda_function(self) -> str:
        """The archive expirer, deployed where the twin's data expire."""
        return self.function("archive-expirer")

    def archive_expirer_iam_role(self) -> str:
        return self.role("archive-expirer")

    def archive_expirer_schedule(self) -> str:
        return self.schedule("archive-expirer")

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
        """At most 63 characters, globally unique."""
        return self._bucket("cold-iot-data")

    def archive_s3_bucket(self) -> str:
        return self._bucket("archive-iot-data")

    def dead_letters_s3_bucket(self) -> str:
        return self._bucket("dead-letters")

    def store(self, resource: StoreName) -> str:
        """The table or bucket of a tier, or the journal's table."""
        return {
            "hot": self.hot_dynamodb_table,
            "journal": self.journal_dynamodb_table,
            "cold": self.cold_s3_bucket,
            "archive": self.archive_s3_bucket,
            "letters": self.dead_letters_s3_bucket,
        }[resource]()

    def _bucket(self, kind: str) -> str:
        return limited(f"{self.twin_name}-{kind}-{digest(self._identity(), BUCKET_SUFFIX)}", 63)

    def _identity(self) -> str:
        return f"{self.account_id}/{self.region}/{self.twin_name}"
