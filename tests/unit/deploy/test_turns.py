"""Two programs that change one twin at once: one after the other, or one of them not at all and with the reason."""

from __future__ import annotations

import dataclasses
import subprocess
import sys
import threading
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from l3kit.deploy.plan import Plan
from l3kit.deploy.run import apply
from l3kit.deploy.sandbox_end import stop_if_empty
from l3kit.deploy.turns import is_taken, turn
from l3kit.errors import ProvisioningError
from l3kit.session import Session
from tests.unit.deploy.memory_resources import SESSION, Fake, log_file, planned

PATIENCE = 20.0
"""Seconds for what takes a moment; what goes wrong is seen at once all the same."""


@dataclasses.dataclass
class Slow(Fake):
    """A resource whose change does not end before it is let go, and that a second program must not reach meanwhile."""

    begun: threading.Event = dataclasses.field(default_factory=threading.Event)
    go_on: threading.Event = dataclasses.field(default_factory=threading.Event)

    def create(self) -> None:
        assert not self.begun.is_set(), "two programs change this twin at once: the second one took no turn"
        self.begun.set()
        assert self.go_on.wait(PATIENCE), "the second program neither waited for its turn nor ended"
        super().create()


def while_the_first_works(first: Plan, slow: Slow, then: Callable[[], Any]) -> tuple[Any, Future[Any]]:
    """Begin the second while the first is in the middle; let the first go on once the second waits, or has ended."""
    told: list[str] = []
    waits = threading.Event()

    def progress(done: int, total: int, text: str) -> None:
        told.append(text)
        waits.set()

    with ThreadPoolExecutor(2) as threads:
        one = threads.submit(apply, first, SESSION)
        assert slow.begun.wait(PATIENCE)
        two = threads.submit(apply, then(), SESSION, progress=progress)
        two.add_done_callback(lambda _: waits.set())
        try:
            assert waits.wait(PATIENCE), "the second program neither waited for its turn nor ended"
            if two.done():
                two.result()  # raises what ended it
            expected = f"waiting for another program that changes this twin, to {then().title}"
            assert told == [expected], "the second program did not wait for its turn"
        finally:
            slow.go_on.set()
        return one.result(PATIENCE), two


def test_of_two_deployments_the_second_waits_and_finds_nothing_to_do(tmp_path: Path) -> None:
    before, slow, after = Fake("a"), Slow("b"), Fake("c")
    wanted = planned(tmp_path, before, slow, after)
    one, two = while_the_first_works(wanted, slow, lambda: planned(tmp_path, before, slow, after))
    assert len(one.done) == 3
    assert two.result().summary() == "deploy t: nothing to change, all 3 resources are as they should be"
    assert before.calls + slow.calls + after.calls == ["create"] * 3


def test_a_removal_that_was_planned_in_the_middle_of_a_deployment_removes_nothing_and_says_why(tmp_path: Path) -> None:
    before, slow, after = Fake("a"), Slow("b"), Fake("c")

    def destroying() -> Plan:
        everything = planned(tmp_path, before, slow, after, destroying=True)
        return dataclasses.replace(everything, steps=everything.steps[:1])

    _, two = while_the_first_works(planned(tmp_path, before, slow, after), slow, destroying)
    with pytest.raises(ProvisioningError) as caught:
        two.result()
    assert str(caught.value) == (
        "destroy t: another program made 2 resources that this plan does not list, such as thing b; nothing was "
        "removed. Plan it again"
    )
    assert all(one.exists for one in (before, slow, after))
    apply(planned(tmp_path, before, slow, after, destroying=True), SESSION)
    assert not any(one.exists for one in (before, slow, after))


def test_a_removal_that_lists_all_that_is_there_takes_its_turn(tmp_path: Path) -> None:
    before, slow = Fake("a", exists=True), Slow("b", exists=True)
    update = planned(tmp_path, before, dataclasses.replace(slow, exists=False, begun=slow.begun, go_on=slow.go_on))
    one, two = while_the_first_works(update, slow, lambda: planned(tmp_path, before, slow, destroying=True))
    assert len(one.done) == 1
    assert two.result().summary() == "destroy t: 2 deleted"


def test_one_that_has_waited_too_long_ends_with_a_remedy(tmp_path: Path) -> None:
    resource = Fake("a")
    with turn(log_file(tmp_path), "deploy t") as waited, pytest.raises(ProvisioningError) as caught:
        apply(planned(tmp_path, resource), SESSION, patience=0.06)
    assert not waited
    assert str(caught.value) == (
        "deploy t: another program has been changing this twin for over 0.001 minutes; nothing was done. "
        "Wait for it to end, or end it, then apply again"
    )
    assert resource.calls == []
    apply(planned(tmp_path, resource), SESSION)
    assert resource.exists


def test_a_failure_gives_the_turn_back(tmp_path: Path) -> None:
    def fail() -> None:
        with turn(log_file(tmp_path), "deploy t"):
            assert is_taken(log_file(tmp_path))
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        fail()
    assert not is_taken(log_file(tmp_path))


def test_a_process_that_died_holds_no_turn(tmp_path: Path) -> None:
    code = f"""
import time
from pathlib import Path
from l3kit.deploy.turns import turn
with turn(Path({str(log_file(tmp_path))!r}), "deploy t"):
    print("taken", flush=True)
    time.sleep(600)
"""
    with subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, text=True) as other:
        try:
            assert other.stdout is not None
            assert other.stdout.readline() == "taken\n"
            assert is_taken(log_file(tmp_path)), "a program that holds a turn takes none"
        finally:
            other.kill()
    assert not is_taken(log_file(tmp_path))


def test_a_sandbox_in_which_another_program_changes_the_twin_is_not_stopped(tmp_path: Path) -> None:
    log = tmp_path / "logs" / "deploy-t.jsonl"
    log.parent.mkdir()
    log.write_text("{}\n")
    left = Plan("destroy t", (), log, (), destroying=True)
    session = Session("sandbox", SESSION.clouds, tmp_path)
    with turn(log, "deploy t"):
        assert stop_if_empty(session, left).startswith("The sandbox stays: another program is changing this twin in it")
    assert log.exists()
    assert stop_if_empty(session, left) == "Nothing is left in the sandbox, so it is stopped."
