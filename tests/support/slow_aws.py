"""Clients of AWS that give prepared answers, for what emulators never answer, and a clock that only sleeping moves."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from botocore.exceptions import ClientError

from l3kit.clouds.aws.control.context import Context
from l3kit.clouds.aws.names import AwsNames
from l3kit.clouds.aws.session import AwsSession

ACCOUNT = "123456789012"


def refusal(operation: str, code: str, message: str = "") -> ClientError:
    return ClientError({"Error": {"Code": code, "Message": message}}, operation)


class Time:
    def __init__(self) -> None:
        self.now = 0.0

    def sleep(self, seconds: float) -> None:
        self.now += seconds

    def clock(self) -> float:
        return self.now


class Client:
    """Answers each call by the next of its prepared answers, the last of them for ever; unprepared calls succeed.

    Attributes:
        given: the arguments of each operation's last call.
    """

    def __init__(self, **answers: list[Any]) -> None:
        self.calls: list[str] = []
        self.given: dict[str, dict[str, Any]] = {}
        self._answers = answers

    def __getattr__(self, operation: str) -> Callable[..., Any]:
        def call(**given: Any) -> Any:
            self.calls.append(operation)
            self.given[operation] = given
            answers = self._answers.get(operation, [{}])
            answer = answers.pop(0) if len(answers) > 1 else answers[0]
            if isinstance(answer, Exception):
                raise answer
            return answer

        return call


def context(service: str, client: Client, **others: Client) -> tuple[Context, Time]:
    """A context with the clients of one or more services, and its clock."""
    time = Time()
    clients: dict[Any, Any] = {(name, 60.0, 6): one for name, one in {service: client, **others}.items()}
    aws = AwsSession("us-east-1", ACCOUNT, None, None, clients)
    return Context(aws, AwsNames("plant", ACCOUNT, "us-east-1"), time.sleep, time.clock), time
