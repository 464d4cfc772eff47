"""First-light's part of Google Cloud: its cost, and what it says of requests and of what Google keeps."""

from __future__ import annotations

from decimal import Decimal

import pytest

from l3kit.clouds.gcp.first_light import FIRST_LIGHT, _call
from l3kit.first_light.estimate import estimate, estimate_text
from l3kit.prices.price_book import load_prices


def test_the_cost_is_known_line_by_line_and_less_than_half_a_dollar() -> None:
    bill = estimate(load_prices(), "gcp")
    assert not bill.incomplete
    assert bill.total.known == sum(row.amount for row in bill.rows if row.amount is not None)
    assert Decimal("0.01") < bill.total.known < Decimal("0.50")


def test_what_has_no_price_is_named_with_the_time() -> None:
    lines = estimate_text(estimate(load_prices(), "gcp"), "gcp", "us-central1").splitlines()
    assert lines[-2].startswith("  Not in the price book: Cloud Build")
    assert lines[-1].startswith(f"Time: {FIRST_LIGHT.minutes} (expected, not measured)")


@pytest.mark.parametrize(
    ("service", "method", "path", "name"),
    [
        ("firestore", "GET", "v1/projects/p/databases/d", "firestore.databases.GET"),
        ("firestore", "POST", "v1/projects/p/databases?databaseId=d", "firestore.databases.POST"),
        ("cloudfunctions", "POST", "v2/projects/p/locations/r/functions:generateUploadUrl", "generateUploadUrl"),
        ("storage", "GET", "storage/v1/b/x/o?versions=true", "storage.o.GET"),
    ],
)
def test_a_request_is_named_by_api_kind_and_method(service: str, method: str, path: str, name: str) -> None:
    assert _call(f"{service}.googleapis.com", method, path).endswith(name)
