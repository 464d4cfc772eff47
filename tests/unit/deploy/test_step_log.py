"""The log of a deployment: every step before and after, so that an interruption can be told."""

from __future__ import annotations

import json
from pathlib import Path

from l3kit.deploy.run import apply
from l3kit.deploy.step_log import StepLog
from tests.unit.deploy.memory_resources import SESSION, Fake, log_file, planned


def test_each_step_is_noted_before_and_after(tmp_path: Path) -> None:
    apply(planned(tmp_path, Fake("a"), Fake("b", exists=True)), SESSION)
    lines = [json.loads(line) for line in log_file(tmp_path).read_text().splitlines()]
    assert [(line["phase"], line["action"], line["name"]) for line in lines] == [
        ("begin", "create", "a"),
        ("done", "create", "a"),
    ]


def test_the_log_tells_what_was_begun_and_never_done_even_with_a_torn_last_line(tmp_path: Path) -> None:
    log = StepLog(log_file(tmp_path))
    assert log.unfinished() == {}
    log.note("begin", "create", "role", "a")
    log.note("done", "create", "role", "a")
    log.note("begin", "create", "function", "b")
    with log_file(tmp_path).open("a") as file:
        file.write('{"phase": "beg')
    assert StepLog(log_file(tmp_path)).unfinished() == {("function", "b"): "create function b"}
