"""DynamoDB tables: on demand, point-in-time recovery, tags; the journal also expires its reports."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from botocore.exceptions import ClientError

from l3kit.clouds.aws.control.calls import code_of, explained, unless_missing
from l3kit.clouds.aws.control.context import Context
from l3kit.clouds.ports.changes import Difference, differs
from l3kit.clouds.ports.resources import Finding
from l3kit.errors import ProvisioningError

TABLE_LIMIT = 300.0
"""Maximum seconds for a table to become active or to be gone."""
BACKUPS_LIMIT = 180.0
"""Maximum seconds until a new table's backups can be enabled."""

BILLING, RECOVERY, PROTECTION = "billing", "point-in-time recovery", "deletion protection"
ON_DEMAND = "on demand"


@dataclass(frozen=True)
class Table:
    """One table.

    Attributes:
        keys: partition key and, if any, sort key; both are strings.
        protected: deletion protection; None leaves the setting unchanged.
        expires_by: attribute with a row's expiry time (seconds since 1970), or "".
    """

    context: Context
    name: str
    keys: tuple[str, ...]
    expires_by: str = ""
    protected: bool | None = None
    kind: str = "table"
    holds_data: bool = True

    def compare(self) -> Finding:
        with explained(f"table {self.name}"):
            table = self._describe()
            if table is None:
                return Finding.missing(self._main_attributes())
            tags = self._db.list_tags_of_resource(ResourceArn=table["TableArn"]).get("Tags", [])
            keys = tuple(key["AttributeName"] for key in table["KeySchema"])
            if keys != self.keys:
                raise ProvisioningError(
                    f"table {self.name}",
                    f"has the keys {keys}, not {self.keys}",
                    "A key cannot be changed: rename the twin",
                )
            owned = self.context.owns_list(tags)
            return Finding.of(owned, self._differences(table), protected=_protected(table))

    def create(self) -> None:
        with explained(f"table {self.name}"):
            schema = [{"AttributeName": k, "KeyType": t} for k, t in zip(self.keys, ("HASH", "RANGE"), strict=False)]
            self._db.create_table(
                TableName=self.name,
                KeySchema=schema,
                AttributeDefinitions=[{"AttributeName": key, "AttributeType": "S"} for key in self.keys],
                BillingMode="PAY_PER_REQUEST",
                DeletionProtectionEnabled=bool(self.protected),
                Tags=self.context.tag_list(),
            )
        self.update()

    def update(self) -> None:
        with explained(f"table {self.name}"):
            self.context.wait(self._active, f"table {self.name} is active", TABLE_LIMIT)
            table = self._describe() or {}
            if _billing(table) != "PAY_PER_REQUEST":
                self._db.update_table(TableName=self.name, BillingMode="PAY_PER_REQUEST")
                self.context.wait(self._active, f"table {self.name} is active", TABLE_LIMIT)
            if self._wrongly_protected(table):
                self._db.update_table(TableName=self.name, DeletionProtectionEnabled=self.protected)
                self.context.wait(self._active, f"table {self.name} is active", TABLE_LIMIT)
            if not self._recoverable():
                self.context.retry_while(
                    self._recover, _backups_are_new, f"table {self.name} accepts backup settings", BACKUPS_LIMIT
                )
            if self.expires_by and not self._expires():
                self._db.update_time_to_live(
                    TableName=self.name,
                    TimeToLiveSpecification={"Enabled": True, "AttributeName": self.expires_by},
                )

    def delete(self) -> None:
        """Delete the table with all its items."""
        with explained(f"table {self.name}"):
            unless_missing(lambda: self._db.delete_table(TableName=self.name))
            self.context.wait(lambda: self._describe() is None, f"table {self.name} is gone", TABLE_LIMIT)

    @property
    def _db(self) -> Any:
        return self.context.client("dynamodb")

    def _describe(self) -> dict[str, Any] | None:
        there = unless_missing(lambda: self._db.describe_table(TableName=self.name))
        return dict(there["Table"]) if there else None

    def _main_attributes(self) -> dict[str, object]:
        return {
            "keys": ", ".join(self.keys),
            BILLING: ON_DEMAND,
            RECOVERY: True,
            PROTECTION: self.protected,
            "expires by": self.expires_by,
        }

    def _differences(self, table: dict[str, Any]) -> list[Difference]:
        found = []
        if _billing(table) != "PAY_PER_REQUEST":
            found.append(differs("billing is provisioned, not on demand", BILLING, "provisioned", ON_DEMAND))
        if (status := table["TableStatus"]) != "ACTIVE":
            found.append(differs(f"is {status.lower()}", "state", status.lower(), "active"))
        if self._wrongly_protected(table):
            words = f"deletion protection is {'off' if self.protected else 'on'}"
            found.append(differs(words, PROTECTION, not self.protected, self.protected))
        if not self._recoverable():
            found.append(differs("point-in-time recovery is off", RECOVERY, False, True))
        if self.expires_by and not self._expires():
            found.append(differs("TTL for old reports is off", "expires by", None, self.expires_by))
        return found

    def _wrongly_protected(self, table: dict[str, Any]) -> bool:
        return self.protected is not None and _protected(table) != self.protected

    def _active(self) -> bool:
        table = self._describe()
        return table is not None and table["TableStatus"] == "ACTIVE"

    def _recover(self) -> None:
        self._db.update_continuous_backups(
            TableName=self.name, PointInTimeRecoverySpecification={"PointInTimeRecoveryEnabled": True}
        )

    def _recoverable(self) -> bool:
        backups = self._db.describe_continuous_backups(TableName=self.name)["ContinuousBackupsDescription"]
        return bool(backups["PointInTimeRecoveryDescription"]["PointInTimeRecoveryStatus"] == "ENABLED")

    def _expires(self) -> bool:
        answer = self._db.describe_time_to_live(TableName=self.name)["TimeToLiveDescription"]
        return answer.get("TimeToLiveStatus") in ("ENABLED", "ENABLING")


def _backups_are_new(error: ClientError) -> bool:
    """Return whether the error means that backups of a new table are not available yet."""
    return code_of(error) == "ContinuousBackupsUnavailableException"


def _protected(table: dict[str, Any]) -> bool:
    return bool(table.get("DeletionProtectionEnabled", False))


def _billing(table: dict[str, Any]) -> str:
    return str(table.get("BillingModeSummary", {}).get("BillingMode", "PROVISIONED"))
