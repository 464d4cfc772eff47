"""Refusals in the forms of Google's APIs."""

from __future__ import annotations

import pytest

from l3kit.sandbox.gcp.control.answers import (
    CODES,
    STORAGE,
    ControlRequest,
    RefusedError,
    conflicting,
    error_info,
    invalid,
    json_answer,
    missing,
    taken,
    unfulfilled,
)

RUN = "run.googleapis.com"


@pytest.mark.parametrize(
    ("refusal", "status", "code", "number", "reason"),
    [
        (invalid("no"), 400, "INVALID_ARGUMENT", 3, "invalid"),
        (unfulfilled("no"), 400, "FAILED_PRECONDITION", 9, "invalid"),
        (missing("no"), 404, "NOT_FOUND", 5, "notFound"),
        (taken("no"), 409, "ALREADY_EXISTS", 6, "conflict"),
        (conflicting("no"), 409, "ABORTED", 10, "conflict"),
        (RefusedError("RESOURCE_EXHAUSTED", "no"), 429, "RESOURCE_EXHAUSTED", 8, "rateLimitExceeded"),
        (RefusedError("UNAVAILABLE", "no"), 503, "UNAVAILABLE", 14, "backendError"),
    ],
)
def test_a_refusal_has_three_forms(refusal: RefusedError, status: int, code: str, number: int, reason: str) -> None:
    common, storage = refusal.answer(RUN), refusal.answer(STORAGE)
    assert common.json() == {"error": {"code": status, "message": "no", "status": code}}
    errors = [{"message": "no", "domain": "global", "reason": reason}]
    assert storage.json() == {"error": {"code": status, "message": "no", "errors": errors}}
    assert (common.status, storage.status, refusal.status_form()) == (status, status, {"code": number, "message": "no"})


def test_storage_has_a_status_of_its_own_for_conditions() -> None:
    refusal = RefusedError("FAILED_PRECONDITION", "no", status=412)
    assert refusal.answer(STORAGE).json()["error"]["errors"][0]["reason"] == "conditionNotMet"


def test_details_are_in_every_form() -> None:
    info = error_info("WHY", "googleapis.com", service=RUN)
    refusal = RefusedError("PERMISSION_DENIED", "no", [info])
    assert refusal.answer(RUN).json()["error"]["details"] == refusal.status_form()["details"] == [info]
    assert invalid("no", "a.b").details[0]["fieldViolations"] == [{"field": "a.b", "description": "no"}]


def test_headers_go_with_an_answer() -> None:
    refusal = RefusedError("UNAVAILABLE", "no", headers={"Retry-After": "3"})
    assert refusal.answer(RUN).headers["Retry-After"] == "3"
    assert json_answer({}).headers["Content-Type"].startswith("application/json")


def test_a_request_shows_neither_its_token_nor_its_body() -> None:
    shown = repr(ControlRequest(RUN, "POST", "v2/x", (), {"Authorization": "Bearer secret"}, b"secret"))
    assert "secret" not in shown


def test_every_code_has_a_number_of_its_own() -> None:
    assert len({number for _, number in CODES.values()}) == len(CODES)
