"""Log groups with limited retention, made before the function, which would otherwise make one without a limit."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from l3kit.clouds.aws.control.calls import explained, unless_missing
from l3kit.clouds.aws.control.context import Context
from l3kit.clouds.aws.control.lambda_host import is_owned
from l3kit.clouds.ports.changes import Difference, differs
from l3kit.clouds.ports.resources import Finding

RETENTION_DAYS = 30


@dataclass(frozen=True)
class LogGroup:
    """A function's log group."""

    context: Context
    name: str
    function: str
    kind: str = "log group"
    holds_data: bool = False

    def compare(self) -> Finding:
        with explained(f"log group {self.name}"):
            group = self._find()
            if group is None:
                return Finding.missing({"retention": f"{RETENTION_DAYS} days"})
            tags = self._logs.list_tags_for_resource(resourceArn=self._arn()).get("tags", {})
            days = group.get("retentionInDays")
            had, wanted = f"{days} days" if days else "for ever", f"{RETENTION_DAYS} days"
            words = f"keeps logs for {days or 'all'} days"
            differences = [] if days == RETENTION_DAYS else [differs(words, "retention", had, wanted)]
            if not tags:  # if our group was removed, the next log line makes one without a tag
                owned = is_owned(self.context, self.function)
                return Finding.of(owned, [Difference("its ownership tag is missing"), *differences])
            return Finding.of(self.context.owns(tags), differences)

    def create(self) -> None:
        with explained(f"log group {self.name}"):
            self._logs.create_log_group(logGroupName=self.name, tags=self.context.tags)
        self.update()

    def update(self) -> None:
        with explained(f"log group {self.name}"):
            self._logs.tag_resource(resourceArn=self._arn(), tags=self.context.tags)
            self._logs.put_retention_policy(logGroupName=self.name, retentionInDays=RETENTION_DAYS)

    def delete(self) -> None:
        with explained(f"log group {self.name}"):
            unless_missing(lambda: self._logs.delete_log_group(logGroupName=self.name))

    @property
    def _logs(self) -> Any:
        return self.context.client("logs")

    def _arn(self) -> str:
        return self.context.arn("logs", f"log-group:{self.name}")

    def _find(self) -> dict[str, Any] | None:
        pages = self._logs.get_paginator("describe_log_groups").paginate(logGroupNamePrefix=self.name)
        for page in pages:
            for group in page["logGroups"]:
                if group["logGroupName"] == self.name:
                    return dict(group)
        return None


def groups_of(context: Context) -> list[str]:
    """Return all log groups with the names of this twin's functions, whoever made them. Raises: ProvisioningError."""
    prefix = f"/aws/lambda/{context.names.twin_name}-"
    with explained(f"log groups {prefix}*"):
        pages = context.client("logs").get_paginator("describe_log_groups").paginate(logGroupNamePrefix=prefix)
        return [str(group["logGroupName"]) for page in pages for group in page["logGroups"]]
