"""The SQS queue of starts that EventBridge Scheduler gave up."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from botocore.exceptions import ClientError

from l3kit.clouds.aws.control.calls import code_of, explained, unless_missing
from l3kit.clouds.aws.control.context import Context
from l3kit.clouds.ports.changes import Difference, differs
from l3kit.clouds.ports.resources import Finding

KEPT_SECONDS = 1_209_600
"""Retention of messages: 14 days, the maximum of SQS."""
GONE_LIMIT = 90.0
"""Maximum seconds until the name of a removed queue is free; SQS says 60."""


@dataclass(frozen=True)
class Queue:
    """One queue, encrypted with SQS's own key."""

    context: Context
    name: str
    kind: str = "queue"
    holds_data: bool = False

    def compare(self) -> Finding:
        with explained(f"queue {self.name}"):
            url = queue_url(self.context, self.name)
            if url is None:
                return Finding.missing({"keeps messages for": f"{KEPT_SECONDS} s"})
            tags = self._sqs.list_queue_tags(QueueUrl=url).get("Tags", {})
            return Finding.of(self.context.owns(tags), self._differences(url))

    def create(self) -> None:
        def create() -> None:
            self._sqs.create_queue(QueueName=self.name, Attributes=_attributes(), tags=self.context.tags)

        with explained(f"queue {self.name}"):
            self.context.retry_while(create, _name_is_taken_yet, f"the name of queue {self.name} is free", GONE_LIMIT)

    def update(self) -> None:
        with explained(f"queue {self.name}"):
            url = queue_url(self.context, self.name)
            if url is not None:
                self._sqs.set_queue_attributes(QueueUrl=url, Attributes=_attributes())

    def delete(self) -> None:
        """Delete the queue with its messages, which only report starts that did not happen."""
        with explained(f"queue {self.name}"):
            url = queue_url(self.context, self.name)
            if url is not None:
                unless_missing(lambda: self._sqs.delete_queue(QueueUrl=url))

    @property
    def _sqs(self) -> Any:
        return self.context.client("sqs")

    def _differences(self, url: str) -> list[Difference]:
        asked = list(_attributes())
        there = self._sqs.get_queue_attributes(QueueUrl=url, AttributeNames=asked).get("Attributes", {})
        kept, encrypted = there.get(asked[0]), there.get(asked[1])
        found = []
        if kept != str(KEPT_SECONDS):
            words = f"keeps messages for {kept} s, not {KEPT_SECONDS} s"
            found.append(differs(words, "keeps messages for", f"{kept} s", f"{KEPT_SECONDS} s"))
        if encrypted != "true":
            found.append(differs("its messages are not encrypted by SQS", "encrypted", False, True))
        return found


def queue_url(context: Context, name: str) -> str | None:
    """Return the queue's URL; None if there is no such queue. Raises: ClientError."""
    found = unless_missing(lambda: context.client("sqs").get_queue_url(QueueName=name))
    return None if found is None else str(found["QueueUrl"])


def _attributes() -> dict[str, str]:
    return {"MessageRetentionPeriod": str(KEPT_SECONDS), "SqsManagedSseEnabled": "true"}


def _name_is_taken_yet(error: ClientError) -> bool:
    return code_of(error).rpartition(".")[2] == "QueueDeletedRecently"
