"""A signature fits one request, one token and one time, and nothing else."""

from __future__ import annotations

import dataclasses
import re
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from l3kit.tiering.tokens import Secret
from l3kit.tiering.transfer.signing import Signable, redacted, signature_header, signed_at

PAGE = (Path(__file__).parents[4] / "docs" / "reference" / "protocol.md").read_text("utf-8")
TIMES = st.integers(0, 99_999_999_999)
REQUESTS = st.builds(
    Signable,
    st.sampled_from(["POST", "GET", "PUT"]),
    st.sampled_from(["/cold-writer", "/archive-writer", "/"]),
    st.binary(max_size=40),
)
TOKENS = st.text(st.characters(codec="utf-8", exclude_categories=["Z", "C"]), min_size=1, max_size=40).map(Secret)


def header(request: Signable, token: Secret, time: int) -> str:
    return signature_header(request, token, datetime.fromtimestamp(time, UTC))


def test_the_worked_example_of_the_page_is_what_l3kit_makes() -> None:
    (token,) = re.findall(r"With the token `(\S+)`", PAGE)
    (body,) = re.findall(r"the body\n`(\{.+?\})`", PAGE)
    (text,) = re.findall(r"```text\n(v1\n.+?)\n```", PAGE, re.DOTALL)
    (value,) = re.findall(r"X-Inter-Cloud-Signature: (t=\S+)", PAGE)
    request = Signable("POST", "/cold-writer", body.encode())
    time = int(text.split("\n")[1])
    assert request.text(time).decode() == text
    assert header(request, Secret(token), time) == value
    assert signed_at(value, request, [Secret(token)]) == time


@given(REQUESTS, TOKENS, TIMES, st.lists(TOKENS, max_size=3), st.randoms())
def test_a_signature_is_accepted_with_its_token_among_others(
    request: Signable, token: Secret, time: int, others: list[Secret], chance: object
) -> None:
    tokens = [*others, token]
    chance.shuffle(tokens)  # type: ignore[attr-defined]
    assert signed_at(header(request, token, time), request, tokens) == time


@given(REQUESTS, REQUESTS, TOKENS, TOKENS, TIMES, TIMES)
def test_any_other_request_token_or_time_is_refused(
    request: Signable, other: Signable, token: Secret, another: Secret, time: int, later: int
) -> None:
    value = header(request, token, time)
    for change in ("method", "path", "body"):
        changed = dataclasses.replace(request, **{change: getattr(other, change)})
        assert (signed_at(value, changed, [token]) is None) == (changed != request)
    assert (signed_at(value, request, [another]) is None) == (another != token)
    moved = value.replace(f"t={time},", f"t={later},")
    assert (signed_at(moved, request, [token]) is None) == (later != time)


@given(REQUESTS, TOKENS, TIMES, st.integers(0, 63), st.sampled_from("0123456789abcdefABCDEF "))
def test_a_changed_digit_is_refused(request: Signable, token: Secret, time: int, place: int, digit: str) -> None:
    start, mac = header(request, token, time).split("v1=")
    changed = mac[:place] + digit + mac[place + 1 :]
    assert (signed_at(f"{start}v1={changed}", request, [token]) is None) == (changed != mac)


@pytest.mark.parametrize(
    "change",
    [
        lambda value: "",
        lambda value: value.upper(),
        lambda value: f" {value}",
        lambda value: f"{value}\n",
        lambda value: f"{value},v1={'0' * 64}",
        lambda value: value.replace("v1=", "v2="),
        lambda value: value.replace("t=", "t=0"),
        lambda value: value.replace("t=", "t=-"),
        lambda value: value.replace("t=1", "t=١"),
        lambda value: value[:-1],
        lambda value: ",".join(reversed(value.split(","))),
    ],
)
def test_a_value_of_another_form_is_refused(change: object) -> None:
    request, token = Signable("POST", "/cold-writer", b"{}"), Secret("t")
    value = header(request, token, 1764424800)
    assert signed_at(value, request, [token]) is not None
    assert signed_at(change(value), request, [token]) is None  # type: ignore[operator]


def test_a_blank_token_matches_nothing() -> None:
    request = Signable("POST", "/cold-writer", b"{}")
    assert signed_at(header(request, Secret(" "), 1764424800), request, [Secret(" "), Secret("")]) is None


def test_a_signature_in_a_text_is_not_shown() -> None:
    value = header(Signable("POST", "/", b""), Secret("t"), 1764424800)
    assert redacted(f"refused {value!r}, {value.upper().replace('V1', 'v1')}") == (
        "refused 't=1764424800,v1=***', T=1764424800,v1=***"
    )
