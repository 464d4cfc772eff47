"""A receiver admits the holders of its tokens, in the ways that it was told, within five minutes of its clock."""

from __future__ import annotations

import hmac
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from l3kit.tiering.link_auth import SIGNATURE, TOKEN, Authentication
from l3kit.tiering.tokens import FormerToken, Secret
from l3kit.tiering.transfer import signing
from l3kit.tiering.transfer.admission import Admission
from l3kit.tiering.transfer.connection import credentials
from l3kit.tiering.transfer.signing import SIGNATURE_HEADER
from l3kit.tiering.transfer.wire import TOKEN_HEADER, Request

NOW = datetime(2026, 11, 28, 12, tzinfo=UTC)
PATH = "/cold-writer"
SECRET = Secret("the-token")
CHANGING = Authentication(True, NOW + timedelta(hours=1))
MODES = {"token": TOKEN, "signature": SIGNATURE, "changing": CHANGING}


def admission(auth: Authentication = SIGNATURE, *former: FormerToken, token: Secret = SECRET) -> Admission:
    return Admission(PATH, token, former, auth)


def sent(token: Secret = SECRET, path: str = PATH, at: datetime = NOW, body: bytes = b"{}") -> Request:
    return Request(credentials(token, path, body, at), body)


def refused(there: Admission, request: Request, now: datetime = NOW) -> Any:
    """The answer's JSON; None where the request is admitted."""
    answer = there.refusal(request, now)
    assert answer is None or answer.status == 403
    return answer and dict(answer.body)


@pytest.mark.parametrize("mode", MODES)
def test_a_signature_is_accepted_in_every_mode(mode: str) -> None:
    there = admission(MODES[mode])
    assert refused(there, sent()) is None
    assert refused(there, sent(Secret("another"))) == {"error": f"the header {SIGNATURE_HEADER} is wrong"}
    assert refused(there, sent(path="/archive-writer")) == {"error": f"the header {SIGNATURE_HEADER} is wrong"}


@pytest.mark.parametrize(("mode", "accepted"), [("token", True), ("changing", True), ("signature", False)])
def test_the_token_itself_is_accepted_only_where_that_was_told(mode: str, accepted: bool) -> None:
    assert (refused(admission(MODES[mode]), sent(path="")) is None) == accepted


def test_once_the_change_is_over_the_token_itself_is_refused_whether_it_is_right_or_not() -> None:
    end = CHANGING.token_until
    assert end
    assert refused(admission(CHANGING), sent(path=""), end - timedelta(seconds=1)) is None
    told = [refused(admission(CHANGING), sent(token, path=""), end) for token in (SECRET, Secret("wrong"))]
    assert told == [{"error": f"the header {SIGNATURE_HEADER} is missing"}] * 2


def test_without_credentials_the_header_that_is_missing_is_named() -> None:
    request = Request({}, b"")
    assert refused(admission(TOKEN), request) == {"error": f"the header {TOKEN_HEADER} is missing or wrong"}
    assert refused(admission(SIGNATURE), request) == {"error": f"the header {SIGNATURE_HEADER} is missing"}


def test_a_wrong_signature_is_not_made_good_by_the_token() -> None:
    both = sent().headers | {TOKEN_HEADER: SECRET.reveal()}  # type: ignore[operator]
    assert refused(admission(TOKEN), Request(both, b"{}")) is None
    assert refused(admission(TOKEN), Request(both, b"{ }")) == {"error": f"the header {SIGNATURE_HEADER} is wrong"}


def test_two_signatures_are_none() -> None:
    headers = {SIGNATURE_HEADER: "a", SIGNATURE_HEADER.lower(): "b"}
    assert refused(admission(), Request(headers, b"")) == {
        "error": f"the header {SIGNATURE_HEADER} occurs more than once"
    }


def test_the_header_may_have_any_case_and_the_method_too() -> None:
    (value,) = sent().headers.values()
    assert refused(admission(), Request({SIGNATURE_HEADER.upper(): value}, b"{}", "post")) is None
    assert refused(admission(), Request({SIGNATURE_HEADER: value}, b"{}", "PUT")) is not None


@given(st.integers(-400, 400), st.integers(0, 999_999))
def test_a_signature_is_valid_five_minutes_either_way(seconds: int, micros: int) -> None:
    now = NOW + timedelta(microseconds=micros)
    answer = refused(admission(), sent(at=NOW + timedelta(seconds=seconds)), now)
    assert (answer is None) == (-300 <= seconds <= 300)
    if answer is not None:
        assert answer["clock_skew"] == seconds


@pytest.mark.parametrize(("seconds", "words"), [(301, "301 s ahead"), (-7200, "7200 s behind")])
def test_only_a_holder_of_the_token_learns_by_how_much_a_clock_is_off(seconds: int, words: str) -> None:
    late = NOW + timedelta(seconds=seconds)
    told = f"the signature's time is {words}; 300 s are allowed: set the sender's clock"
    assert refused(admission(), sent(at=late)) == {"error": told, "clock_skew": seconds}
    wrong = {"error": f"the header {SIGNATURE_HEADER} is wrong"}
    assert refused(admission(), sent(Secret("wrong"), at=late)) == wrong


def test_former_tokens_are_accepted_in_signatures_until_their_end() -> None:
    end = NOW + timedelta(minutes=1)
    there = admission(SIGNATURE, FormerToken(end, Secret("former")))
    assert refused(there, sent(Secret("former"))) is None
    assert refused(there, sent()) is None
    assert refused(there, sent(Secret("former"), at=end), end) == {"error": f"the header {SIGNATURE_HEADER} is wrong"}


@pytest.mark.parametrize("mode", MODES)
def test_without_the_token_in_force_nothing_is_accepted(mode: str, caplog: pytest.LogCaptureFixture) -> None:
    there = admission(MODES[mode], FormerToken(NOW + timedelta(hours=1), Secret("former")), token=Secret(" "))
    for token in (Secret("former"), Secret(" "), SECRET):
        for path in (PATH, ""):
            assert refused(there, sent(token, path)) is not None
    assert "INTER_CLOUD_TOKEN is not set" in caplog.text


def test_every_token_is_tried_in_constant_time_whichever_fits(monkeypatch: pytest.MonkeyPatch) -> None:
    tried: list[str] = []
    real = hmac.compare_digest

    def noted(one: Any, other: Any) -> bool:
        tried.append(other)
        return real(one, other)

    monkeypatch.setattr(signing.hmac, "compare_digest", noted)
    former = [FormerToken(NOW + timedelta(hours=1), Secret(name)) for name in ("former", "older")]
    for name in ("the-token", "former", "older", "wrong"):
        tried.clear()
        assert (refused(admission(SIGNATURE, *former), sent(Secret(name))) is None) == (name != "wrong")
        assert len(set(tried)) == len(tried) == 3


def test_neither_token_nor_signature_is_shown(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level("DEBUG")
    there = admission(CHANGING, FormerToken(NOW + timedelta(hours=1), Secret("former-one")))
    request = sent(Secret("wrong"))
    told = f"{there} {there!r} {refused(there, request)} {caplog.text}"
    assert not [secret for secret in ("the-token", "former-one", *request.headers.values()) if secret in told]
