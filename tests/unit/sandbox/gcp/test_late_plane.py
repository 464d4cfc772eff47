"""The control plane of a gateway, which is made when it is needed."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Iterator
from typing import Any

import pytest

from l3kit.sandbox.gcp.control.effects import PushSpec
from l3kit.sandbox.gcp.identity import Tokens
from l3kit.sandbox.gcp.late_plane import LatePlane, SubscriptionTokens
from tests.support.google_plane import AT_ONCE, Google

URL = "http://127.0.0.1:1/_gcp/dispatcher"


@pytest.fixture
def google() -> Iterator[Google]:
    made = Google(AT_ONCE)
    yield made
    made.close()


def late(google: Google, made: list[int]) -> LatePlane:
    effects: Any = google.effects

    def make() -> Any:
        made.append(random.randrange(9))
        return google.plane, effects

    return LatePlane(make)


def test_it_is_not_made_for_questions_about_functions_that_it_would_have_deployed(google: Google) -> None:
    made: list[int] = []
    plane = late(google, made)
    assert plane.account_of("some-function") is None
    assert plane.job_account("some-function", "some-job") == ""
    asyncio.run(plane.close())
    assert made == []


def test_it_is_made_once_with_the_first_question_about_permissions(google: Google) -> None:
    made: list[int] = []
    plane = late(google, made)
    assert plane.refusal(google.caller, "run.services.get", "projects/memory-project") is None
    assert plane.refusal(None, "run.services.get", "projects/memory-project") is not None
    assert len(made) == 1


def spec(account: str) -> PushSpec:
    return PushSpec("weather", "weather", "", f"{URL}/", account, "", 5, {})


def test_a_subscription_sends_the_token_of_its_account_for_the_functions_url() -> None:
    tokens = Tokens()
    sent = SubscriptionTokens(tokens, "agent@example.com", lambda function: URL)
    assert sent.for_function("dispatcher") is None
    sent.pushes["weather"] = spec("caller@example.com")
    token = sent.for_function("dispatcher")
    assert token is not None
    assert tokens.caller_of(token, URL) == "caller@example.com"


def test_a_subscription_without_an_account_sends_no_token() -> None:
    sent = SubscriptionTokens(Tokens(), "agent@example.com", lambda function: URL)
    sent.pushes["weather"] = spec("")
    assert sent.for_function("dispatcher") is None


def test_letters_are_stored_as_pubsub_itself() -> None:
    tokens = Tokens()
    sent = SubscriptionTokens(tokens, "agent@example.com", lambda function: URL)
    assert tokens.email_of(sent.for_letters()) == "agent@example.com"
