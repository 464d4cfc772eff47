"""Workloads and layouts: what is absurd or unknown is refused with what is allowed."""

from __future__ import annotations

import pytest

from l3kit.cost.model.monthly import monthly_bill
from l3kit.cost.model.workload import Workload
from l3kit.errors import ConfigurationError
from l3kit.twin.layout import Layout
from tests.unit.cost.bills import AWS, BOOK, run
from tests.unit.cost.workloads import PLAIN, workload


@pytest.mark.parametrize(
    ("name", "value", "words"),
    [
        ("devices", 0, "devices = 0 is not allowed; allowed: a whole number from 1"),
        ("devices", 2.5, "devices = 2.5"),
        ("item_bytes", -1, "item_bytes = -1"),
        ("item_bytes", 400_001, "from 1 to 400,000"),
        ("items_per_device_per_day", "many", "'many'"),
        ("items_per_device_per_day", float("nan"), "nan"),
        ("cold_days", 10**9, "cold_days"),
        ("at_rest_ratio", 0, "at_rest_ratio"),
        ("ttl_deletes", 1, "ttl_deletes = 1 is not allowed; allowed: true, false"),
        ("chunk_byte", 5, "did you mean chunk_bytes?"),
    ],
)
def test_an_absurd_workload_is_refused_with_what_is_allowed(name: str, value: object, words: str) -> None:
    with pytest.raises(ConfigurationError) as caught:
        workload(**{name: value})
    assert words in str(caught.value)


def test_all_problems_of_a_workload_are_told_together() -> None:
    with pytest.raises(ConfigurationError) as caught:
        workload(devices=0, item_bytes=0)
    assert "devices" in str(caught.value)
    assert "item_bytes" in str(caught.value)


def test_a_workload_without_its_size_says_what_is_needed() -> None:
    with pytest.raises(ConfigurationError, match="without item_bytes"):
        Workload.of({name: value for name, value in PLAIN.items() if name != "item_bytes"})


def test_an_unknown_layout_region_or_mover_is_refused_with_what_is_allowed() -> None:
    with pytest.raises(ConfigurationError, match="each one of aws, azure, gcp"):
        Layout.parse("aws-aws-google")
    with pytest.raises(ConfigurationError, match=r"'eu-north-9'.*Allowed: us-east-1"):
        monthly_bill(workload(), AWS, BOOK, {"aws": "eu-north-9"})
    with pytest.raises(ConfigurationError, match="'ibm' is not a provider"):
        monthly_bill(workload(), AWS, BOOK, {"ibm": "x"})  # type: ignore[dict-item]
    with pytest.raises(ConfigurationError, match="cold-to-archive-mover"):
        run("mover")
