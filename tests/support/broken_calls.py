"""Break each call to a cloud that changes something, once: refused, unanswered, or the process dies beside it."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from types import SimpleNamespace
from typing import Any, Literal, get_args

from botocore.awsrequest import AWSResponse, HeadersDict
from botocore.exceptions import ReadTimeoutError
from botocore.httpsession import URLLib3Session

from l3kit.clouds.aws.session import AwsSession, open_sandbox
from l3kit.errors import L3Error
from l3kit.session import Session
from tests.support.accounts import aws_of, on_account

Break = Literal["refused", "unanswered", "killed before", "killed after"]
BREAKS: tuple[Break, ...] = get_args(Break)
MOST = 60
"""Calls of one name in a walk, at most."""
READS = ("Get", "List", "Describe", "Head", "Simulate")


class KilledError(BaseException):
    """Stands for SIGKILL: nothing in the code catches it."""


class Breaking:
    """Breaks each call that changes something when it is first made.

    Attributes:
        broken: the broken calls in words, in order.
        errors: what told of them.
    """

    def __init__(self, how: Break) -> None:
        self.broken: list[str] = []
        self.errors: list[L3Error] = []
        self.how = how
        self._seen: set[str] = set()

    def walk(self, work: Callable[[], object]) -> None:
        """Do the work again until no call of it is broken any more. Raises: an error that no broken call explains."""
        while True:
            before = len(self.broken)
            try:
                work()
            except (KilledError, L3Error) as error:
                if len(self.broken) == before:
                    raise
                if isinstance(error, L3Error):
                    self.errors.append(error)
            else:
                return

    def is_to_break(self, name: str, call: str) -> bool:
        """Whether this call is made for the first time; notes it as broken then."""
        if call in self._seen:
            return False
        self._seen.add(call)
        self.broken.append(name)
        assert self.broken.count(name) <= MOST, f"{name} differs each time, so that the walk would never end"
        return True


class Breaker(Breaking):
    """Breaks the calls of boto3; `broken` has their operations."""

    def __init__(self, how: Break) -> None:
        super().__init__(how)
        self._breaking = False

    def watch(self, session: Session) -> Session:
        """The session whose calls are broken."""
        return _hooked(session, {"before-call": self._before, "after-call": self._after})

    def _before(self, model: Any, params: Any, **_: Any) -> tuple[Any, Any] | None:
        call = f"{model.name} {params['url_path']} {params['query_string']} {params['body']!r}"
        self._breaking = not model.name.startswith(READS) and self.is_to_break(model.name, call)
        if self._breaking and self.how == "killed before":
            raise KilledError
        if self._breaking and self.how == "refused":
            self._breaking = False
            refusal = {"Code": "AccessDenied", "Message": f"not authorized to perform {model.name}"}
            return SimpleNamespace(status_code=403), {"Error": refusal, "ResponseMetadata": {}}
        return None

    def _after(self, **_: Any) -> None:
        if not self._breaking:
            return
        self._breaking = False
        if self.how == "killed after":
            raise KilledError
        raise ReadTimeoutError(endpoint_url="https://aws.example")


class LosingAnswers:
    """Lets each call that changes something through once, and answers it with a 500 all the same.

    Attributes:
        lost: operation and request of each such call.
    """

    def __init__(self) -> None:
        self.lost: list[str] = []
        self._wire = URLLib3Session()

    def watch(self, session: Session) -> Session:
        """The session whose answers are lost."""
        return _hooked(session, {"before-send": self._before_send})

    def operations(self) -> set[str]:
        return {text.split()[0] for text in self.lost}

    def _before_send(self, request: Any, event_name: str, **_: Any) -> AWSResponse | None:
        operation = event_name.split(".")[-1]
        resource = f"{operation} {request.method} {request.url} {request.body!r}"
        if operation.startswith(READS) or resource in self.lost:
            return None
        self.lost.append(resource)
        self._wire.send(request)
        return AWSResponse(request.url, 500, HeadersDict(), _Empty())


class _Empty:
    def stream(self, **_: Any) -> Iterator[bytes]:
        yield b""


def _hooked(session: Session, hooks: Mapping[str, Callable[..., Any]]) -> Session:
    """A copy of the session whose boto3 calls these hooks, by event."""
    aws = open_sandbox(str(aws_of(session).endpoint_url), aws_of(session).region)
    for event, hook in hooks.items():
        aws._boto.events.register(event, hook)
    return on_account(session, AwsSession(aws.region, aws.account_id, aws.endpoint_url, aws._boto))
