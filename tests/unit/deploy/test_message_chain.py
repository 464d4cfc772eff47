"""What a twin's message chain asks of its clouds."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from l3kit.deploy.message_chain import check_message_chain
from l3kit.errors import ConfigurationError
from l3kit.twin.config import Twin
from tests.support.twins import twin_on

FEEDBACK = {"condition": "p.d.t > DOUBLE(1)", "action": {"type": "feedback", "payload": "off"}}
CALL = {"condition": "p.d.t > DOUBLE(1)", "action": {"type": "function", "functionName": "alarm"}}


def with_events(folder: Path, chain: tuple[str, str] | None) -> Twin:
    twin_on(folder, "aws", "aws", "aws", chain=chain)
    (folder / "config_events.json").write_text(json.dumps([FEEDBACK, CALL]))
    return Twin.load(folder)


def test_events_that_the_clouds_cannot_carry_out_are_refused_all_at_once(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match="2 problems") as caught:
        check_message_chain(with_events(tmp_path, ("gcp", "gcp")))
    assert "config_events.json: entry 0: sends feedback" in str(caught.value)
    assert "config_events.json: entry 1: calls alarm by name" in str(caught.value)


@pytest.mark.parametrize("chain", [("aws", "aws"), None])
def test_events_that_they_can_carry_out_or_that_nobody_checks_pass(
    tmp_path: Path, chain: tuple[str, str] | None
) -> None:
    check_message_chain(with_events(tmp_path, chain))
