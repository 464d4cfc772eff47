"""`plan`, `apply`, `rotate` and `destroy`: what is shown, asked and carried out."""

from __future__ import annotations

import io
import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from l3kit.deploy.apply_result import ApplyResult
from l3kit.deploy.open_plan import open_plan
from l3kit.deploy.plan import Plan, Step
from l3kit.errors import ProvisioningError, StoreError
from tests.support.answering import Answering

RESOURCE: Any = None
CREATE = Step("create", "table", "nyc-weather-hot", "missing", RESOURCE)
UPDATE = Step("update", "function", "nyc-weather-hot-to-cold-mover", "token: new", RESOURCE)
DELETE = Step("delete", "table", "nyc-weather-hot", "", RESOURCE)
SAME = Step("unchanged", "role", "nyc-weather-mover", "", RESOURCE)


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def plan_of(*steps: Step, done: list[Plan] | None = None, error: Exception | None = None) -> Plan:
    made = Plan("deploy nyc-weather", steps, Path("log"), ())

    def carry_out(plan: Plan) -> ApplyResult:
        if error is not None:
            raise error
        if done is not None:
            done.append(plan)
        return ApplyResult(plan.title, plan.changes, 0, 1.0)

    return open_plan(made, carry_out)


@pytest.fixture
def terminal(monkeypatch: pytest.MonkeyPatch) -> Any:
    """Somebody at a terminal, who answers with this text; stderr is returned."""

    def sits(answer: str) -> Terminal:
        seen, typed = Terminal(), Terminal(answer)
        monkeypatch.setattr("sys.stdin", typed)
        monkeypatch.setattr("sys.stderr", seen)
        monkeypatch.setenv("NO_COLOR", "1")
        monkeypatch.setenv("COLUMNS", "120")
        return seen

    return sits


def test_a_plan_tells_by_its_exit_code_whether_there_is_something_to_do(capsys: pytest.CaptureFixture[str]) -> None:
    twin = Answering(plan=plan_of(CREATE, SAME))
    assert twin.command("plan", "--clouds", "aws,azure", "--rotate") == 0
    assert "+ create" in capsys.readouterr().out
    assert twin.command("plan", "--exit-code", "--json") == 6
    assert json.loads(capsys.readouterr().out)["steps"][0]["name"] == "nyc-weather-hot"
    assert Answering(plan=plan_of(SAME)).command("plan", "--exit-code") == 0
    assert twin.asked[0] == ("plan", (), {"clouds": ["aws", "azure"], "rotate_tokens": True})


def test_a_plan_to_destroy_is_one_with_or_without_data(capsys: pytest.CaptureFixture[str]) -> None:
    twin = Answering(plan_destroy=plan_of(DELETE))
    assert twin.command("plan", "--destroy", "--data", "--exit-code") == 6
    assert twin.asked == [("plan_destroy", (), {"data": True})]


@pytest.mark.parametrize("verb", ["apply", "rotate", "destroy"])
def test_without_a_terminal_nothing_is_done_unless_told_yes(verb: str, capsys: pytest.CaptureFixture[str]) -> None:
    twin = Answering()  # which would not even give a plan
    assert twin.command(verb, "--json") == 1
    told = json.loads(capsys.readouterr().out)["error"]
    assert "nothing was changed" in told["cause"]
    assert "--yes" in told["remedy"]


@pytest.mark.parametrize("verb", ["apply", "rotate"])
def test_told_yes_it_shows_the_plan_aside_and_prints_the_result(verb: str, capsys: pytest.CaptureFixture[str]) -> None:
    done: list[Plan] = []
    twin = Answering(plan=plan_of(UPDATE, done=done))
    assert twin.command(verb, "--yes", "--json") == 0
    printed = capsys.readouterr()
    assert json.loads(printed.out)["summary"] == "deploy nyc-weather: 1 updated, 0 as they were"
    assert "~ update" in printed.err
    assert len(done) == 1
    assert twin.asked[0][2] == ({"clouds": []} if verb == "apply" else {"clouds": [], "rotate_tokens": True})
    assert twin.command(verb, "--yes", "-q") == 0
    assert capsys.readouterr().err == ""


@pytest.mark.parametrize(("answer", "times"), [("y\n", 1), ("yes\n", 1), ("n\n", 0), ("\n", 0), ("", 0)])
def test_on_a_terminal_only_a_yes_is_one(
    answer: str, times: int, terminal: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    seen, done = terminal(answer), []
    assert Answering(plan=plan_of(CREATE, done=done)).command("apply") == 1 - times
    assert "Carry this out in the sandbox default? [y/N]" in seen.getvalue()
    assert "+ create" in seen.getvalue()
    assert len(done) == times
    assert ("Nothing was changed" in seen.getvalue()) is (times == 0)


def test_nobody_is_asked_about_nothing(terminal: Any) -> None:
    seen = terminal("")
    assert Answering(plan=plan_of(SAME)).command("apply") == 0
    assert "[y/N]" not in seen.getvalue()


def test_a_twin_that_is_not_deployed_gets_no_new_tokens(capsys: pytest.CaptureFixture[str]) -> None:
    done: list[Plan] = []
    assert Answering(plan=plan_of(CREATE, UPDATE, done=done)).command("rotate", "--yes") == 1
    assert "1 of its resources are missing. Deploy it first: l3kit apply" in capsys.readouterr().err
    assert done == []


def test_a_step_that_fails_is_told(capsys: pytest.CaptureFixture[str]) -> None:
    error = ProvisioningError("create table t", "is refused", "Apply again")
    assert Answering(plan=plan_of(CREATE, error=error)).command("apply", "--yes", "-q") == 1
    assert capsys.readouterr().err == "l3kit: create table t: is refused. Apply again\n"


def destroyed(done: list[Plan], **more: Any) -> Answering:
    made = plan_of(DELETE, done=done)
    return Answering(plan_destroy=made, stop_if_empty="Nothing is left in the sandbox, so it is stopped.", **more)


def test_destroy_with_data_shows_them_and_wants_the_twins_name(
    terminal: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    done: list[Plan] = []
    seen = terminal("nyc-weather\n")
    assert destroyed(done, tiers=plan_of(SAME)).command("destroy", "--data") == 0
    assert "counting what the tiers hold" in seen.getvalue()
    assert "with all its data? " not in seen.getvalue()
    assert "with all its data. Type the twin's name:" in seen.getvalue()
    assert len(done) == 1
    seen = terminal("yes\n")
    assert destroyed(done, tiers=StoreError("cold", "is gone")).command("destroy", "--data") == 1
    assert "cannot be counted: cold: is gone" in seen.getvalue()
    assert len(done) == 1


def test_where_nobody_can_be_asked_data_need_the_twins_name(capsys: pytest.CaptureFixture[str]) -> None:
    done: list[Plan] = []
    assert destroyed(done).command("destroy", "--data", "--yes") == 1
    assert "Pass --confirm nyc-weather" in capsys.readouterr().err
    assert destroyed(done).command("destroy", "--data", "--confirm", "nyc") == 1
    assert "the twin is nyc-weather" in capsys.readouterr().err
    assert done == []
    assert destroyed(done).command("destroy", "--data", "--confirm", "nyc-weather", "--json") == 0
    told = json.loads(capsys.readouterr().out)
    assert told["sandbox"] == "Nothing is left in the sandbox, so it is stopped."
    assert told["done"][0]["action"] == "delete"


def test_without_data_a_yes_is_enough(capsys: pytest.CaptureFixture[str]) -> None:
    done: list[Plan] = []
    twin = destroyed(done)
    assert twin.command("destroy", "--yes") == 0
    assert twin.asked[0] == ("plan_destroy", (), {"data": False})
    assert len(done) == 1
    assert "so it is stopped" in capsys.readouterr().err


def test_the_plan_is_what_is_carried_out() -> None:
    done: list[Plan] = []
    assert Answering(plan=plan_of(CREATE, replace(UPDATE, name="b"), done=done)).command("apply", "--yes", "-q") == 0
    assert [step.name for step in done[0].steps] == ["nyc-weather-hot", "b"]
