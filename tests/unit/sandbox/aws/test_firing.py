"""The schedules of EventBridge that can be triggered, and the command line that triggers each."""

from __future__ import annotations

from pathlib import Path

import pytest

from l3kit.errors import SandboxError
from l3kit.sandbox.aws.firing import fire
from l3kit.sandbox.cloud import Fireable
from l3kit.sandbox.state import SandboxState


@pytest.mark.parametrize(
    ("options", "words"),
    [("", "nightly"), ("--group twin", "nightly --group twin"), ("--cloud gcp", "nightly --cloud gcp")],
)
def test_a_schedule_is_shown_as_what_fires_it(options: str, words: str) -> None:
    assert str(Fireable("any", "nightly", options)) == words


def test_where_aws_is_not_started_no_schedule_is_fired_and_nothing_is_asked(tmp_path: Path) -> None:
    state = SandboxState("http://127.0.0.1:9", (), tmp_path, "", clouds=("gcp",))
    with pytest.raises(SandboxError, match=r"nightly: does not exist: AWS is not started\. Use another"):
        fire(state, "nightly", "default", None, lambda: "Use another")
