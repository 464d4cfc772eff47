"""The public API: its names, what became of those of 0.1.0, and what every answer of a twin can do."""

from __future__ import annotations

import inspect
from dataclasses import replace
from pathlib import Path

import pytest

import l3kit
from l3kit import _MOVED
from l3kit.clouds.ports.checks import Check
from l3kit.clouds.ports.resources import Finding
from l3kit.deploy.plan import Plan, Step
from l3kit.errors import CheckFailedError, ConfigurationError
from l3kit.notebook.answer import Answer, CheckedAnswer
from l3kit.operate.journal import TierObjects
from l3kit.operate.movers import MoverRun
from l3kit.operate.open_twin import OpenTwin
from l3kit.operate.verify.report import VerifyReport
from l3kit.session import Session
from l3kit.tiering.ports import ObjectInfo
from l3kit.twin.config import Twin

EXAMPLE = Path(__file__).parents[3] / "params" / "twins" / "nyc-weather"
TWIN = Twin.load(EXAMPLE)
NOWHERE = Session("sandbox", {})


class Thing:
    """A resource that is missing until it is made."""

    kind, name, holds_data = "table", "t", False
    made = False

    def compare(self) -> Finding:
        return Finding(self.made)

    def create(self) -> None:
        self.made = True

    update = delete = create


def missing(thing: Thing) -> Step:
    return Step("create", thing.kind, thing.name, "missing", thing)  # type: ignore[arg-type]


def test_the_block_closes_the_session_also_by_an_error() -> None:
    closed: list[str] = []

    class Closing(Session):
        def close(self) -> None:
            closed.append(self.target)

    with OpenTwin(TWIN, Closing("sandbox", {})):
        assert closed == []
    with pytest.raises(KeyError), OpenTwin(TWIN, Closing("live", {})):
        raise KeyError
    assert closed == ["sandbox", "live"]


@pytest.mark.parametrize("name", l3kit.__all__)
def test_every_exported_name_can_be_used(name: str) -> None:
    assert getattr(l3kit, name) is not None


def test_an_unknown_name_lists_the_known_ones() -> None:
    with pytest.raises(AttributeError, match="'nothing'; it exports CheckFailedError, L3Error, OpenTwin"):
        _ = l3kit.nothing


@pytest.mark.parametrize("name", _MOVED)
def test_a_name_of_the_first_version_says_where_it_is_now(name: str) -> None:
    with pytest.raises(AttributeError, match=f"l3kit.{name} is now ") as caught:
        getattr(l3kit, name)
    for word in str(caught.value).replace(",", " ").split()[3:]:
        first, _, last = word.rpartition(".")
        if first == "OpenTwin":
            assert callable(getattr(OpenTwin, last))
        elif first:
            room = __import__(first, fromlist=[last])
            assert callable(getattr(room, last))


def kinds(base: type) -> set[str]:
    """The names of its subclasses, however deep."""
    return {name for kind in base.__subclasses__() for name in (kind.__name__, *kinds(kind))}


def test_every_verb_gives_an_answer_but_those_that_only_do_something() -> None:
    verbs = {name: verb for name, verb in inspect.getmembers(OpenTwin, inspect.isfunction) if name[0] != "_"}
    given = {name: str(inspect.signature(verb).return_annotation).split(".")[-1] for name, verb in verbs.items()}
    answers = {name for name, kind in given.items() if kind in kinds(Answer)}
    assert set(verbs) - answers == {"close", "sheet", "check_links", "end_lease", "stop_if_empty"}
    assert {name for name in answers if given[name] in kinds(CheckedAnswer)} == {
        "publish",
        "run_mover",
        "load",
        "replay",
        "replay_letters",
        "verify",
        "audit",
    }


def test_a_plan_of_an_open_twin_carries_what_it_takes_to_be_applied(tmp_path: Path) -> None:
    thing, twin = Thing(), OpenTwin(TWIN, NOWHERE)
    plan = twin._to_carry_out(Plan("deploy t", (missing(thing),), tmp_path / "log", ()), "apply")
    assert plan.summary() == "deploy t: 1 to create (0 as they are)"
    with pytest.raises(CheckFailedError, match="deploy t: still has 1 change to make: create table t"):
        plan.raise_if_changes()
    result = plan.apply()
    assert thing.made
    assert result.summary() == "deploy t: 1 created, 0 as they were"
    assert result.to_frame()["action"].tolist() == ["create"]
    nothing = replace(plan, steps=())
    nothing.raise_if_changes()
    assert nothing.apply().done == ()


def test_a_twin_says_what_becomes_of_its_sandbox() -> None:
    assert "In the sandbox mine, which stays when the twin is closed." in str(OpenTwin(TWIN, NOWHERE, "mine"))
    own = OpenTwin(TWIN, replace(NOWHERE, private=True), "own")
    assert "In the sandbox own, which ends when the twin is closed." in str(own)
    assert "sandbox" not in str(OpenTwin(TWIN, replace(NOWHERE, target="live")))


def test_files_that_are_wrong_are_told_before_anything_is_started(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match="config"):
        l3kit.open(tmp_path, progress=False)


def test_a_run_that_left_something_fails_when_it_is_asked_to() -> None:
    told = {"verdict": "partial", "items": 1, "bytes": 2, "chunks": 1, "devices": [], "requests": {}, "retries": {}}
    MoverRun("m", ({**told, "verdict": "complete"},)).raise_if_failed()
    left = MoverRun("m", ({**told, "devices": [{"skipped": [{"key": "k", "reason": "odd"}]}]},))
    assert left.to_json() | {"reports": []} == {
        "summary": left.summary(),
        "function": "m",
        "verdict": "partial",
        "reports": [],
    }
    with pytest.raises(CheckFailedError, match=r"1 run is not complete\. k: odd"):
        left.raise_if_failed()


def test_a_failed_check_fails_the_report_when_it_is_asked_to() -> None:
    report = VerifyReport((Check("links", "l", "403", "200", False, "run deploy_l3"),))
    with pytest.raises(CheckFailedError, match="run deploy_l3"):
        report.raise_if_failed()


def test_objects_that_do_not_tell_their_items_are_counted_apart() -> None:
    infos = [ObjectInfo(key, 10, "", None, metadata=told) for key, told in (("a", {"items": "3"}), ("b", {}))]  # type: ignore[arg-type]
    found = TierObjects("cold", tuple(infos))
    assert found.summary() == "2 cold objects: 3 items and those of 1 object of unknown count in 20 bytes"
    assert found.to_frame()["items"].isna().tolist() == [False, True]
    assert [one["items"] for one in found.to_json()["objects"]] == [3, None]
