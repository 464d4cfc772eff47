"""What plan says of the functions that events call."""

from __future__ import annotations

from l3kit.clouds.aws.control.event_functions import missing_functions
from tests.support.slow_aws import Client, context, refusal


def test_a_function_that_is_missing_or_hidden_is_told_and_one_that_is_there_is_not() -> None:
    answers = [
        {"Configuration": {}},
        refusal("GetFunction", "ResourceNotFoundException"),
        refusal("GetFunction", "AccessDeniedException"),
    ]
    where, _ = context("lambda", Client(get_function=answers))
    missing, hidden = missing_functions(where, ("there", "missing", "hidden"))
    assert missing.startswith("config_events.json calls the function missing, which does not exist")
    assert hidden.startswith("config_events.json calls the function hidden; whether it exists could not be checked")
    assert "--calls hidden --json` prints a policy with it." in hidden
