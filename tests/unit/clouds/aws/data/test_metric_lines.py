"""Lines in embedded metric format, and the handlers that print them."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

import pytest

from l3kit.clouds.aws.data.entry import build
from l3kit.clouds.aws.data.metric_lines import metric_line
from l3kit.sandbox.aws.metrics import Metrics
from l3kit.tiering.runtime.openers import Openers
from tests.support.memory_stores import MemoryHotStore, MemoryJournalStore, MemoryObjectStore

AT = datetime(2026, 3, 1, tzinfo=UTC)
OF_MOVER = {"twin": "plant", "mover": "hot-to-cold-mover"}


def test_a_line_has_the_form_that_cloudwatch_documents_and_is_read_as_the_same_values() -> None:
    text = metric_line("plant", AT, {"Severity": 2, "LagDays": 3.5}, "hot-to-cold-mover")
    assert "\n" not in text
    assert json.loads(text) == {
        "_aws": {
            "Timestamp": 1772323200000,
            "CloudWatchMetrics": [
                {
                    "Namespace": "l3kit",
                    "Dimensions": [["twin", "mover"]],
                    "Metrics": [{"Name": "Severity"}, {"Name": "LagDays"}],
                }
            ],
        },
        **OF_MOVER,
        "Severity": 2,
        "LagDays": 3.5,
    }
    metrics, at = Metrics(), AT.timestamp()
    assert metrics.put_line(text)
    assert metrics.values("l3kit", "LagDays", OF_MOVER, at - 1, at) == [3.5]


def test_what_belongs_to_the_twin_has_no_mover() -> None:
    line = json.loads(metric_line("plant", AT, {"DeadLetters": 1}))
    assert line["_aws"]["CloudWatchMetrics"][0]["Dimensions"] == [["twin"]]
    assert "mover" not in line


class Context:
    aws_request_id = "r"

    def get_remaining_time_in_millis(self) -> int:
        return 600_000


class Nobody:
    """The next function, which takes everything."""

    async def call(self, function: str, event: bytes) -> bytes:
        return b'{"stored": 0, "same": 0, "superseded": 0, "dead": 0}'


def told_by(event: dict[str, Any], *, alarms: bool, function: str = "hot-to-cold-mover", **more: str) -> list[Any]:
    lines: list[str] = []
    config = {"digital_twin_name": "plant", "hot_storage_size_in_days": 1, "cold_storage_size_in_days": 2}
    layers = {"layer_1_provider": "aws", "layer_2_provider": "aws"}
    info = {
        "config": {**config, "alarms": alarms},
        "config_iot_devices": [{"id": "pump-1"}],
        "config_providers": layers,
    }
    stores = ("DYNAMODB_TABLE_NAME", "JOURNAL_DYNAMODB_TABLE_NAME", "COLD_S3_BUCKET_NAME", "DEAD_LETTER_S3_BUCKET_NAME")
    env = {"DIGITAL_TWIN_INFO": json.dumps(info), **dict.fromkeys(stores, "x"), **more}
    openers = Openers(
        lambda name: MemoryHotStore(), lambda name: MemoryJournalStore(), lambda name, tier: MemoryObjectStore("cold"),
        lambda names: Nobody(),
    )  # type: ignore[arg-type, return-value]  # fmt: skip
    build(function, env, openers, lines.append)(event, Context())
    return [json.loads(line) for line in lines]


def test_a_mover_prints_one_line_for_each_run_of_a_twin_with_alarms_and_none_otherwise() -> None:
    (line,) = told_by({}, alarms=True)
    assert {key: line[key] for key in (*OF_MOVER, "Severity", "LagDays")} == {**OF_MOVER, "Severity": 0, "LagDays": 0.0}
    assert told_by({}, alarms=False) == []


def test_the_canary_of_verify_is_no_run() -> None:
    assert told_by({"canary": True}, alarms=True) == []


@pytest.mark.parametrize("alarms", [True, False])
def test_a_function_of_the_chain_counts_the_dead_letters_that_it_stored(alarms: bool) -> None:
    bad = {"messages": [{"iotDeviceId": "pump-1"}, {"iotDeviceId": "stranger", "id": "2026-03-01T00:00:00Z"}]}
    peer = {"DEFAULT_PROCESSOR_LAMBDA_NAME": "next"}
    told = told_by(bad, alarms=alarms, function="dispatcher", **peer)
    assert [line["DeadLetters"] for line in told] == ([2] if alarms else [])


def test_a_call_without_dead_letters_prints_nothing() -> None:
    peer = {"DEFAULT_PROCESSOR_LAMBDA_NAME": "next"}
    assert told_by({"messages": []}, alarms=True, function="dispatcher", **peer) == []
