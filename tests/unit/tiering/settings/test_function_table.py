"""The table of functions: what each calls, and which variables it is given."""

from __future__ import annotations

import pytest

from l3kit.providers import provider
from l3kit.tiering.settings.function_table import FUNCTIONS, TOKEN_VARIABLE, further_variables, peers_of, variables_for
from l3kit.tiering.settings.loading import load_settings
from tests.unit.lambda_functions.test_message_functions import env_of

AWS = provider("aws").variables
CHAIN = [name for name, spec in FUNCTIONS.items() if spec.role in ("source", "step")]


def test_the_peers_of_the_chain_lead_from_the_device_to_the_events() -> None:
    told = {
        function: list(load_settings(function, env_of(function, "aws"), cloud=provider("aws").variables).peers)
        for function in [*CHAIN, "ingestion"]
    }
    assert told == {
        "dispatcher": ["default-processor"],
        "connector": [],
        "default-processor": ["persister"],
        "persister": ["event-checker"],
        "event-checker": [],
        "ingestion": ["default-processor"],
    }


@pytest.mark.parametrize("function", FUNCTIONS)
def test_no_variable_is_both_needed_and_optional(function: str) -> None:
    for remote, has_address in ((False, False), (True, True)):
        needed = variables_for(function, cloud=AWS, remote=remote, archive_here=not remote, has_address=has_address)
        assert list(needed) == sorted(set(needed))
        assert not set(needed) & set(further_variables(function, has_address=has_address))


@pytest.mark.parametrize("mover", ["hot-to-cold-mover", "cold-to-archive-mover"])
def test_a_mover_is_told_of_the_next_tiers_store_or_of_its_writer_and_never_of_both(mover: str) -> None:
    here, abroad = (set(variables_for(mover, cloud=AWS, remote=remote, archive_here=False)) for remote in (False, True))
    spec = FUNCTIONS[mover]
    assert spec.target
    assert here - abroad == {AWS.stores[spec.target], *AWS.places.get(spec.target, ())}
    assert {spec.remote_url, TOKEN_VARIABLE} <= abroad - here


def test_every_peer_is_a_step_that_calls_on_to_the_end_of_the_chain() -> None:
    for start in FUNCTIONS:
        passed = [start]
        while following := peers_of(passed[-1], l1_apart=False, events=True):
            (peer,) = following
            assert FUNCTIONS[peer].role == "step"
            assert peer not in passed
            passed.append(peer)
