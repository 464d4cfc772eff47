"""A sandbox that died, stopped, or was started anew is told by each verb."""

from __future__ import annotations

import json

import pytest

from l3kit.errors import SandboxError
from l3kit.operate.inventory import tiers
from l3kit.operate.query import query
from l3kit.session import Session
from tests.unit.raw_errors.telling import TWIN, VERBS, told


@pytest.mark.parametrize("verb", VERBS)
def test_each_verb_names_the_part_of_the_sandbox_that_died(verb: str, dead: Session) -> None:
    with pytest.raises(SandboxError, match="sandbox part dynalite: ended") as caught:
        VERBS[verb](dead)
    text = told(caught.value)
    assert "l3kit sandbox up" in text
    assert text.endswith("FATAL: out of memory")
    assert len(text.splitlines()) < 20


def test_a_sandbox_that_was_started_anew_is_told(dead: Session) -> None:
    """The session of a notebook leads to the one before."""
    assert dead.sandbox_home is not None
    content = json.loads((dead.sandbox_home / "state.json").read_text())
    content |= {"gateway": "http://127.0.0.1:1", "processes": []}
    (dead.sandbox_home / "state.json").write_text(json.dumps(content))
    with pytest.raises(SandboxError, match="was restarted after this session was opened") as caught:
        query(dead, TWIN, "JFK")
    told(caught.value)


@pytest.mark.parametrize("ended", ["", '{"reason": "no request for 14400 s", "part": ""}', "[[["])
def test_a_sandbox_that_has_stopped_is_told(ended: str, dead: Session) -> None:
    assert dead.sandbox_home is not None
    (dead.sandbox_home / "state.json").unlink()
    if ended:
        (dead.sandbox_home / "ended.json").write_text(ended)
    with pytest.raises(SandboxError, match=r"is no longer running|has stopped: no request for 14400 s") as caught:
        tiers(dead, TWIN)
    told(caught.value)
