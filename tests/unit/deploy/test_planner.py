"""Plan and apply on resources that keep their state in memory: order, reasons, ownership, interruptions."""

from __future__ import annotations

import json
from dataclasses import dataclass, field, replace
from pathlib import Path

import pytest

from l3kit.clouds.ports.changes import SECRET, Change
from l3kit.clouds.ports.resources import AlreadyThereError, Finding
from l3kit.clouds.shared.waiting import wait_until
from l3kit.deploy.plan import Plan, Step, step_for
from l3kit.deploy.run import apply
from l3kit.deploy.step_log import StepLog
from l3kit.errors import ProvisioningError
from l3kit.notebook.gaps import Gap
from l3kit.session import Session


@dataclass
class Fake:
    """A resource whose cloud is a list."""

    name: str
    exists: bool = False
    owned: bool = True
    differences: tuple[str, ...] = ()
    changes: tuple[Change, ...] = ()
    holds_data: bool = False
    protected: bool = False
    kind: str = "thing"
    calls: list[str] = field(default_factory=list)

    def compare(self) -> Finding:
        return Finding(self.exists, self.owned, self.differences, self.protected, changes=self.changes)

    def create(self) -> None:
        self.calls.append("create")
        self.exists = True

    def update(self) -> None:
        self.calls.append("update")
        self.differences = ()

    def delete(self) -> None:
        self.calls.append("delete")
        self.exists = False


def log_file(folder: Path) -> Path:
    return folder / "new" / "deploy.jsonl"


def planned(folder: Path, *resources: Fake, destroying: bool = False, data: bool = False) -> Plan:
    steps = tuple(step_for(r, r.compare(), destroying=destroying, data=data) for r in resources)
    return Plan(
        f"{'destroy' if destroying else 'deploy'} t",
        steps,
        log_file(folder),
        resources,
        destroying=destroying,
        data=data,
    )


SESSION = Session("sandbox", {})


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


def test_apply_carries_out_changes_in_order_and_nothing_else(tmp_path: Path) -> None:
    fakes = [Fake("a"), Fake("b", exists=True), Fake("c", exists=True, differences=("x",)), Fake("d")]
    seen: list[str] = []
    result = apply(planned(tmp_path, *fakes), SESSION, progress=lambda done, total, text: seen.append(text))
    assert [fake.calls for fake in fakes] == [["create"], [], ["update"], ["create"]]
    assert [step.name for step in result.done] == ["a", "c", "d"]
    assert result.summary() == "deploy t: 2 created, 1 updated, 1 as they were"
    assert seen == ["create thing a", "unchanged thing b", "update thing c", "create thing d", "done"]


def test_an_old_plan_is_compared_again_before_each_step(tmp_path: Path) -> None:
    fakes = [Fake("a"), Fake("b", exists=True)]
    old = planned(tmp_path, *fakes)
    fakes[0].exists = True
    fakes[1].differences = ("changed since",)
    apply(old, SESSION)
    assert [fake.calls for fake in fakes] == [[], ["update"]]


def test_a_resource_that_became_somebody_elses_is_refused(tmp_path: Path) -> None:
    fake = Fake("a")
    old = planned(tmp_path, fake)
    fake.exists, fake.owned = True, False
    with pytest.raises(ProvisioningError, match="thing a: exists without this twin's ownership tag"):
        apply(old, SESSION)
    assert fake.calls == []


class Beaten(Fake):
    """Is there by the time that `create` is called."""

    def create(self) -> None:
        self.exists = True
        raise AlreadyThereError(self.name, "there is one")


def test_what_a_lost_answer_made_is_completed(tmp_path: Path) -> None:
    fake = Beaten("a")
    assert len(apply(planned(tmp_path, fake), SESSION).done) == 1
    assert fake.calls == ["update"]


def test_what_somebody_else_made_at_that_moment_is_refused(tmp_path: Path) -> None:
    fake = Beaten("a", owned=False)
    with pytest.raises(ProvisioningError, match="exists without this twin's ownership tag"):
        apply(planned(tmp_path, fake), SESSION)
    assert fake.calls == []


def test_something_that_is_gone_already_is_not_deleted_twice(tmp_path: Path) -> None:
    fake = Fake("a", exists=True)
    old = planned(tmp_path, fake, destroying=True)
    fake.exists = False
    result = apply(old, SESSION)
    assert (result.done, fake.calls) == ((), [])
    assert result.summary() == "destroy t: nothing was deleted, 1 gone already"


def test_what_became_protected_or_somebody_elses_since_the_plan_is_kept_and_told(tmp_path: Path) -> None:
    fakes = [Fake("a", exists=True), Fake("b", exists=True), Fake("c", exists=True)]
    old = planned(tmp_path, *fakes, destroying=True)
    fakes[0].protected, fakes[1].owned = True, False
    result = apply(old, SESSION)
    assert [fake.calls for fake in fakes] == [[], [], ["delete"]]
    assert result.summary() == (
        "destroy t: 1 deleted, 1 kept (protected against deletion), 1 kept (without this twin's ownership tag)"
    )
    assert [step["name"] for step in result.to_json()["kept"]] == ["a", "b"]


def test_what_destroy_spares_reads_as_kept_before_and_after(tmp_path: Path) -> None:
    fakes = [Fake("a", exists=True), *(Fake(name, exists=True, holds_data=True) for name in ("b", "c"))]
    kept = "2 kept (they hold data: data=True removes them)"
    plan = planned(tmp_path, *fakes, destroying=True)
    assert plan.summary() == f"destroy t: 1 to delete, {kept}"
    assert plan.to_json()["plan"] == plan.summary()
    result = apply(plan, SESSION)
    assert result.summary() == f"destroy t: 1 deleted, {kept}"
    for shown in (plan, result):
        assert [line.split()[:-1] for line in str(shown).splitlines()[2:3]] == [["-", "delete", "thing"]]
        assert str(shown).count("  keep") == shown._repr_html_().count("  keep") == 2
    left = planned(tmp_path, *fakes[1:], destroying=True)
    assert left.summary() == f"destroy t: nothing to delete, {kept}"
    assert "to delete" not in planned(tmp_path, destroying=True, data=True).summary().replace("nothing to delete", "")


def test_what_a_plan_leaves_out_stands_above_its_steps_and_in_what_apply_did(tmp_path: Path) -> None:
    gap = Gap("", "what t has on gcp", "is not reached", "Connect to gcp as well")
    plan = replace(planned(tmp_path, Fake("a", exists=True), destroying=True), gaps=(gap,))
    result = apply(plan, SESSION)
    for shown in (plan, result):
        missing, steps = shown.sheet().tables
        assert missing.rows == (("", gap.what, gap.reason, gap.remedy),)
        assert steps.rows[0][0] == "- delete"
        assert shown.summary().endswith("; incomplete: what t has on gcp is not reached")


def test_a_left_over_that_is_gone_or_not_ours_any_more_is_not_deleted(tmp_path: Path) -> None:
    fakes = [Fake("a", exists=True), Fake("b", exists=True)]
    steps = tuple(Step("delete", fake.kind, fake.name, "the layout no longer needs it", fake) for fake in fakes)
    fakes[0].exists, fakes[1].owned = False, False
    result = apply(Plan("deploy t", steps, log_file(tmp_path), tuple(fakes)), SESSION)
    assert [fake.calls for fake in fakes] == [[], []]
    assert result.summary() == (
        "deploy t: nothing to change, all 1 resources are as they should be, 1 kept (without this twin's ownership tag)"
    )


def test_each_step_is_noted_before_and_after(tmp_path: Path) -> None:
    apply(planned(tmp_path, Fake("a"), Fake("b", exists=True)), SESSION)
    lines = [json.loads(line) for line in log_file(tmp_path).read_text().splitlines()]
    assert [(line["phase"], line["action"], line["name"]) for line in lines] == [
        ("begin", "create", "a"),
        ("done", "create", "a"),
    ]


def test_the_log_tells_what_was_begun_and_never_done_even_with_a_torn_last_line(tmp_path: Path) -> None:
    log = StepLog(log_file(tmp_path))
    assert log.unfinished() == {}
    log.note("begin", "create", "role", "a")
    log.note("done", "create", "role", "a")
    log.note("begin", "create", "function", "b")
    with log_file(tmp_path).open("a") as file:
        file.write('{"phase": "beg')
    assert StepLog(log_file(tmp_path)).unfinished() == {("function", "b"): "create function b"}


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


class Time:
    def __init__(self) -> None:
        self.now = 0.0
        self.waits: list[float] = []

    def sleep(self, seconds: float) -> None:
        self.waits.append(seconds)
        self.now += seconds

    def clock(self) -> float:
        return self.now


def test_waiting_polls_with_growing_pauses_until_ready() -> None:
    time, answers = Time(), iter([False, False, False, True])
    wait_until(lambda: next(answers), "it is ready", 60, sleep=time.sleep, clock=time.clock)
    assert time.waits == sorted(time.waits)
    assert len(time.waits) == 3


def test_waiting_ends_at_its_limit_and_says_for_what() -> None:
    time = Time()
    with pytest.raises(ProvisioningError, match="table x is active: did not happen within 30 s"):
        wait_until(lambda: False, "table x is active", 30, sleep=time.sleep, clock=time.clock)
    assert time.now <= 30
    assert max(time.waits) <= 5
