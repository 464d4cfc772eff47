"""Apply on resources that keep their state in memory: order, ownership, old plans, lost answers."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from l3kit.clouds.ports.resources import AlreadyThereError
from l3kit.deploy.plan import Plan, Step
from l3kit.deploy.run import apply
from l3kit.errors import ProvisioningError
from l3kit.notebook.gaps import Gap
from tests.unit.deploy.memory_resources import SESSION, Fake, log_file, planned


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
