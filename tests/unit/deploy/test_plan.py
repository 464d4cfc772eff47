"""Plans: what a finding becomes, and how a plan tells its reasons and changes."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from l3kit.clouds.ports.changes import SECRET, Change
from l3kit.deploy.plan import Plan, step_for
from tests.unit.deploy.memory_resources import Fake, planned


@pytest.mark.parametrize(
    ("fake", "action", "reason"),
    [
        (Fake("a"), "create", "missing"),
        (Fake("a", exists=True), "unchanged", ""),
        (Fake("a", exists=True, differences=("x is 1", "y is off")), "update", "x is 1; y is off"),
    ],
)
def test_a_finding_becomes_a_step_with_its_reason(fake: Fake, action: str, reason: str) -> None:
    step = step_for(fake, fake.compare(), destroying=False, data=False)
    assert (step.action, step.reason) == (action, reason)


@pytest.mark.parametrize(
    ("fake", "data", "action"),
    [
        (Fake("a", exists=True), False, "delete"),
        (Fake("a", exists=True, holds_data=True), False, "keep"),
        (Fake("a", exists=True, holds_data=True), True, "delete"),
        (Fake("a", exists=True, owned=False), True, "keep"),
        (Fake("a", exists=True, holds_data=True, protected=True), True, "keep"),
    ],
)
def test_removal_spares_data_and_what_is_not_ours(fake: Fake, data: bool, action: str) -> None:
    assert step_for(fake, fake.compare(), destroying=True, data=data).action == action


def test_a_plan_reads_well_as_text_table_and_json(tmp_path: Path) -> None:
    plan = planned(tmp_path, Fake("a"), Fake("b", exists=True, differences=("x is off",)), Fake("c", exists=True))
    assert plan.summary() == "deploy t: 1 to create, 1 to update (1 as they are)"
    assert str(plan).splitlines()[1:] == [
        "action       resource  name  reason",
        "+ create     thing     a     missing",
        "~ update     thing     b     x is off",
        "  unchanged  thing     c",
    ]
    assert list(plan.to_frame()["reason"]) == ["missing", "x is off", ""]
    assert plan.to_json()["steps"][1]["action"] == "update"
    html = plan._repr_html_()
    assert all(text in html for text in (plan.summary(), ">+ create<", ">~ update<", ">  unchanged<", ">x is off<"))


def changing(tmp_path: Path) -> Plan:
    changes = (Change("memory", "256 MB", "512 MB"), Change("token", SECRET, SECRET), Change("caller", "", "b"))
    return planned(
        tmp_path,
        Fake("a", changes=(Change("billing", "", "on demand"),)),
        Fake("b", exists=True, differences=("x is off", "y"), changes=changes),
        Fake("c", exists=True),
    )


def test_lines_of_a_plan_tell_what_changes_of_each_step(tmp_path: Path) -> None:
    plan = changing(tmp_path)
    assert list(plan.lines()) == [
        plan.summary(),
        "+ create thing a: missing",
        "  + billing  on demand",
        "~ update thing b",
        "  ~ memory  256 MB -> 512 MB",
        "  ~ token  (secret) -> (secret)",
        "  + caller  b",
    ]
    assert plan.to_json()["steps"][1]["changes"][0] == {"attribute": "memory", "old": "256 MB", "new": "512 MB"}
    assert plan.changes_frame().values.tolist()[0] == ["create", "thing", "a", "billing", "", "on demand"]


def test_the_table_has_the_changes_of_updates_alone(tmp_path: Path) -> None:
    plan = changing(tmp_path)
    assert str(plan).splitlines()[1:] == [
        "action       resource  name  reason",
        "+ create     thing     a     missing",
        "~ update     thing     b     ~ memory  256 MB -> 512 MB",
        "                             ~ token  (secret) -> (secret)",
        "                             + caller  b",
        "  unchanged  thing     c",
    ]
    assert list(plan.to_frame()["reason"]) == ["missing", "x is off; y", ""]


def test_what_is_deleted_has_no_changes(tmp_path: Path) -> None:
    thing = Fake("a", exists=True, changes=(Change("memory", "1 MB", "2 MB"),))
    assert step_for(thing, thing.compare(), destroying=True, data=True).changes == ()


def test_a_plan_escapes_what_the_cloud_says_and_shows_its_notes(tmp_path: Path) -> None:
    plan = replace(planned(tmp_path, Fake("<a>", exists=True, differences=("x<b>",))), notes=("<note>",))
    html = plan._repr_html_()
    assert not any(tag in html for tag in ("<a>", "<b>x", "x<b>", "<note>"))
    assert all(text in html for text in ("&lt;a&gt;", "x&lt;b&gt;", "<p>&lt;note&gt;</p>"))
