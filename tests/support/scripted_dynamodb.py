"""A client of DynamoDB that a test answers, with the retries of the real one."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

from l3kit.clouds.aws.data.client import ROLE_DENIED, Answer, Call
from l3kit.clouds.aws.data.dynamodb import DynamoTable
from l3kit.errors import StoreError
from l3kit.tiering.ports import Usage
from l3kit.tiering.retry import Passing, RetryPolicy

Content = dict[str, Any]
Told = Content | Passing | tuple[str, Content]
"""What a request is answered: content, a passing failure, or an error's code with its content."""


class ScriptedClient:
    """Answers each request by a function of its operation and content, and keeps what was asked."""

    denied = ROLE_DENIED

    def __init__(self, answers: Callable[[str, Content], Told]) -> None:
        self.usage = Usage()
        self.waited: list[float] = []
        self.retry = RetryPolicy(sleep=self._sleep, random=lambda: 1.0)
        self.asked: list[tuple[str, Content]] = []
        self._answers = answers

    @property
    def table(self) -> DynamoTable:
        return DynamoTable("hot", self)  # type: ignore[arg-type]

    @property
    def operations(self) -> list[str]:
        return [operation for operation, _ in self.asked]

    async def call(self, call: Call) -> Answer:
        return await self.retry.until_settled(self.usage, call.kind, call.resource, lambda: self._attempt(call))

    async def _attempt(self, call: Call) -> Answer | Passing:
        self.usage.count(call.kind)
        operation, content = call.headers["x-amz-target"].rpartition(".")[2], json.loads(call.body)
        self.asked.append((operation, content))
        told = self._answers(operation, content)
        if isinstance(told, Passing):
            return told
        if isinstance(told, dict):
            return Answer(200, {}, json.dumps(told).encode())
        code, more = told
        if code not in call.expected:
            raise StoreError(call.resource, f"{call.kind} returned 400 {code}")
        return Answer(400, {}, json.dumps(more).encode(), code, str(more.get("message", "")))

    async def _sleep(self, seconds: float) -> None:
        self.waited.append(seconds)
