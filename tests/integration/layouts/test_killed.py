"""An apply or destroy that was killed at any call is completed by the next."""

from __future__ import annotations

import contextlib
from collections.abc import Callable
from typing import Any

import pytest
import requests

from l3kit.deploy import apply, destroy, plan, plan_destroy
from l3kit.session import Session
from l3kit.twin.config import Twin
from tests.integration.aws.conftest import MakeTwin, saved_links
from tests.integration.layouts.cloud_twins import put_items

pytestmark = pytest.mark.sandbox


class KilledError(BaseException):
    """Stands for SIGKILL: nothing in the code catches it."""


class Killer:
    """Ends the process, so to speak, at the n-th request that changes something, before or after it took effect."""

    def __init__(self, at: int, when: str, monkeypatch: pytest.MonkeyPatch) -> None:
        self.calls: list[str] = []
        send = requests.Session.send
        commit = type(firestore_client_of()).commit

        def counted(name: str, do: Callable[[], Any]) -> Any:
            self.calls.append(name)
            if when == "before" and len(self.calls) == at:
                raise KilledError
            answer = do()
            if when == "after" and len(self.calls) == at:
                raise KilledError
            return answer

        def sent(session: requests.Session, request: requests.PreparedRequest, **more: Any) -> Any:
            do = lambda: send(session, request, **more)  # noqa: E731
            if request.method in ("GET", "HEAD") or request.headers.get("X-Inter-Cloud-Token"):
                return do()
            return counted(f"{request.method} {str(request.url).partition('?')[0]}", do)

        def committed(client: Any, *arguments: Any, **more: Any) -> Any:
            return counted("commit", lambda: commit(client, *arguments, **more))

        monkeypatch.setattr(requests.Session, "send", sent)
        monkeypatch.setattr(type(firestore_client_of()), "commit", committed)


def firestore_client_of() -> Any:
    from google.cloud.firestore_v1.services.firestore import FirestoreClient

    return FirestoreClient.__new__(FirestoreClient)


def killed_apply(session: Session, twin: Twin, at: int, when: str) -> list[str]:
    with pytest.MonkeyPatch.context() as monkeypatch:
        killer = Killer(at, when, monkeypatch)
        with contextlib.suppress(KilledError):
            apply(plan(twin, session), session)
    return killer.calls


def completes_what_a_kill_left(session: Session, made: Twin, at: int, when: str) -> None:
    calls = killed_apply(session, made, at, when)
    assert len(calls) == at
    where = f"killed {when} call {at}, {calls[-1]}"
    tokens = {name: c.token for name, c in saved_links(session, made).items() if c.token}
    apply(plan(made, session), session)
    left = plan(made, session)
    assert left.changes == (), f"{where}: {left}"
    assert not left.notes, where
    after = saved_links(session, made)
    assert all(after[name].token == token for name, token in tokens.items()), where
    destroy(made, session, data=True)
    assert plan_destroy(made, session, data=True).steps == (), where


@pytest.mark.slow  # tests/integration/aws/test_broken_calls.py has a case of the kind
def test_an_apply_killed_at_a_call_is_completed_by_the_next(clouds: Session, make_twin: MakeTwin) -> None:
    completes_what_a_kill_left(clouds, make_twin("gcp", "azure", "gcp"), 7, "after")


@pytest.mark.slow
@pytest.mark.timeout(1800)
@pytest.mark.parametrize("layout", [("gcp", "azure", "gcp"), ("azure", "gcp", "azure")], ids="-".join)
def test_an_apply_killed_at_every_call_is_completed_by_the_next(
    clouds: Session, make_twin: MakeTwin, layout: tuple[str, str, str]
) -> None:
    first = make_twin(*layout)
    total = len(killed_apply(clouds, first, 0, "never"))
    destroy(first, clouds, data=True)
    assert total >= 12
    for at in range(1, total + 1):
        for when in ("before", "after"):
            completes_what_a_kill_left(clouds, make_twin(*layout), at, when)


@pytest.mark.slow
def test_a_destroy_killed_at_any_call_is_completed_by_the_next(clouds: Session, make_twin: MakeTwin) -> None:
    made = make_twin("gcp", "azure", "azure")
    apply(plan(made, clouds), clouds)
    put_items(clouds, made, 1)
    for at in range(1, 100):
        with pytest.MonkeyPatch.context() as monkeypatch:
            Killer(2, "before" if at % 2 else "after", monkeypatch)
            try:
                destroy(made, clouds, data=True)
            except KilledError:
                continue
        break
    assert at > 3
    destroy(made, clouds, data=True)
    assert plan_destroy(made, clouds, data=True).steps == ()
