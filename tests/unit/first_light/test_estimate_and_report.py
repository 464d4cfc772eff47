"""What first-light says before it starts and leaves at its end: figures that add up, a report without secrets."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path

import pytest

from l3kit.errors import ConfigurationError
from l3kit.first_light.estimate import estimate, estimate_text
from l3kit.first_light.report import Report, StepReport, Verdict, redacted, save
from l3kit.first_light.twin import (
    DEVICES,
    ITEM_COUNT,
    PREFIX,
    check_name,
    counted,
    counted_rows,
    items_at,
    new_name,
    write_twin,
)
from l3kit.prices.price_book import load_prices
from l3kit.twin.naming import MAX_TWIN_NAME

NOW = datetime(2026, 6, 1, 12, tzinfo=UTC)
ACCOUNT = "210987654321"


def report(verdict: Verdict = "passed", left: tuple[str, ...] | None = (), steps: Sequence[StepReport] = ()) -> Report:
    return Report(
        cloud="aws",
        verdict=verdict,
        target="live",
        region="us-east-1",
        account="4321",
        twin="firstlight-0a1b2c3d",
        started="2026-06-01T12:00:00+00:00",
        finished="2026-06-01T12:07:00+00:00",
        seconds=420.0,
        estimated_usd="0.005",
        steps=tuple(steps),
        movers=(),
        left=left,
        clean_up="" if left == () else "l3kit first-light aws --clean-up firstlight-0a1b2c3d",
    )


def test_the_cost_is_the_sum_of_lines_of_known_list_prices_and_a_few_cents_at_most() -> None:
    bill = estimate(load_prices(), "aws")
    assert not bill.incomplete
    assert bill.total.known == sum(row.amount for row in bill.rows if row.amount is not None)
    assert Decimal("0.0005") < bill.total.known < Decimal("0.05")


def test_each_line_of_the_cost_shows_cost_breakdown() -> None:
    bill = estimate(load_prices(), "aws")
    lines = estimate_text(bill, "aws", "us-east-1").splitlines()
    assert len(lines) == len(bill.rows) + 2
    assert f"{2 * ITEM_COUNT / 1e6:.6g} million WRU at 0.625 USD" in lines[1]
    assert "not measured" in lines[-1]
    assert "Prices of eu-west-1 are not in the price book" in estimate_text(bill, "aws", "eu-west-1")


def test_items_are_due_for_each_tier_and_exact(tmp_path: Path) -> None:
    twin = write_twin(tmp_path, new_name(), "aws")
    items = items_at(NOW)
    stamps = {device: [json.loads(item)["id"] for item in items[device]] for device in DEVICES}
    cutoffs = [
        (NOW - timedelta(days=days)).isoformat()
        for days in (twin.config.cold_storage_size_in_days, twin.config.hot_storage_size_in_days)
    ]
    assert [sum(stamp < cutoffs[0] for stamp in stamps[device]) for device in DEVICES] == [150, 0]
    assert [sum(stamp < cutoffs[1] for stamp in stamps[device]) for device in DEVICES] == [150, 150]
    assert sum(map(len, items.values())) == ITEM_COUNT == len(counted(i for per in items.values() for i in per))
    assert {device.id for device in twin.devices} == set(DEVICES)


def test_one_digit_makes_an_item_another() -> None:
    (item,) = items_at(NOW)[DEVICES[0]][:1]
    rows = [json.loads(item, parse_float=Decimal) | {"tier": "cold"}]
    assert counted_rows(rows) == counted([item])
    rows[0]["value"] = Decimal(str(rows[0]["value"])[:-1] + "8")
    assert counted_rows(rows) != counted([item])


def test_a_name_is_new_legal_and_made_the_same_twin_again(tmp_path: Path) -> None:
    name = new_name()
    assert name != new_name()
    assert len(name) <= MAX_TWIN_NAME
    for folder in ("a", "b"):
        (tmp_path / folder).mkdir()
        write_twin(tmp_path / folder, check_name(name), "aws")
    for file in sorted((tmp_path / "a").iterdir()):
        assert file.read_bytes() == (tmp_path / "b" / file.name).read_bytes()


@pytest.mark.parametrize("name", ["nyc-weather", PREFIX, f"{PREFIX}0a1b2c3d4"])
def test_nothing_else_can_be_cleaned_up(name: str) -> None:
    with pytest.raises(ConfigurationError, match="is not a twin of first-light"):
        check_name(name)


@pytest.mark.parametrize(
    ("verdict", "left", "code"),
    [("passed", (), 0), ("failed", (), 1), ("interrupted", (), 130), ("left over", ("role x",), 4)],
)
def test_the_exit_code_tells_whether_something_is_left(verdict: Verdict, left: tuple[str, ...], code: int) -> None:
    assert report(verdict, left).exit_code == code


def test_what_is_left_is_in_both_reports_with_the_command(tmp_path: Path) -> None:
    paths = save(report("left over", ("role x", "table y")), tmp_path / "new" / "light.json", ())
    assert [path.name for path in paths] == ["light.json", "light.md"]
    assert json.loads(paths[0].read_text())["left"] == ["role x", "table y"]
    assert "Left in the account: role x, table y." in paths[1].read_text()
    assert "`l3kit first-light aws --clean-up firstlight-0a1b2c3d`" in paths[1].read_text()
    assert "could not be checked" in report("left over", None).to_markdown()


def test_no_report_shows_an_account_or_a_key(tmp_path: Path) -> None:
    found = f"role arn:aws:iam::{ACCOUNT}:role/x was refused to AKIAIOSFODNN7EXAMPLE | bucket x-0f1e2d3c"
    step = StepReport("deploy", "failed", 1.0, found, {f"of {ACCOUNT}": 1})
    for path in save(report("failed", steps=[step]), tmp_path / "light.json", (ACCOUNT, "0f1e2d3c")):
        text = path.read_text()
        assert not any(secret in text for secret in (ACCOUNT, "AKIA", "0f1e2d3c"))
        assert "arn:aws:iam::...:role/x was refused to ..." in text


def test_blotting_out_reaches_every_depth_and_leaves_the_rest() -> None:
    assert redacted({"a": [{"b": ("x1y", 2, None)}]}, ["1"]) == {"a": [{"b": ["x...y", 2, None]}]}
