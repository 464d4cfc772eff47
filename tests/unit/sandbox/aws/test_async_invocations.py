from __future__ import annotations

import asyncio
import json
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

from l3kit.sandbox.aws.async_invocations import AsyncInvocations, GivenUp, object_key
from l3kit.sandbox.aws.function_instance import Outcome
from l3kit.sandbox.aws.function_pool import ThrottledError
from l3kit.sandbox.aws.function_record import EventSettings, FunctionConfig, FunctionRecord
from l3kit.sandbox.aws.resource_policy import ResourcePolicy
from l3kit.sandbox.faults.messages import MessageFaults

ARN = "arn:aws:lambda:us-east-1:123456789012:function:f"
GOOD, BAD = Outcome("r", b"null", None, b""), Outcome("r", b'{"n": 1.10}', "Unhandled", b"")
Answer = Outcome | type[Exception]


@dataclass
class World:
    """A function that answers as given, then well, and a bucket that takes records."""

    answers: list[Answer]
    settings: EventSettings = field(default_factory=EventSettings)
    problem: str = ""
    now: float = 1_767_225_600.0
    ids: list[str] = field(default_factory=list)
    stored: list[tuple[str, bytes]] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)

    async def invoke(self, name: str, event: bytes, request_id: str) -> Outcome:
        answer = self.answers.pop(0) if self.answers else GOOD
        if isinstance(answer, Outcome):
            self.ids.append(request_id)
            return answer
        self.now += 10_000
        raise answer

    async def store(self, record: FunctionRecord, key: str, body: bytes) -> str:
        self.stored.append((key, body))
        return self.problem

    def run(self) -> str:
        """Accept one event and wait for its end. Returns: its request id."""

        async def scene() -> str:
            config = FunctionConfig("f", ARN, "role", "h", 3.0, 128, {}, Path("/"), 1)
            record = FunctionRecord(config, ResourcePolicy(ARN), events=self.settings)
            faults = MessageFaults(lambda caller: None, lambda function: None)
            events = AsyncInvocations(
                self.invoke,
                {"f": record}.get,
                self,
                faults,
                lambda name, text: self.notes.append(text),
                now=lambda: self.now,
                retry_seconds=(0.0, 0.0),
            )
            request_id = events.accept("f", b'{"value": 1.10}')
            async with asyncio.timeout(10):
                while events.pending:
                    await asyncio.sleep(0.01)
            return request_id

        return asyncio.run(scene())


def test_a_taken_event_runs_once_and_leaves_no_record() -> None:
    world = World([GOOD])
    request_id = world.run()
    assert (world.ids, world.stored, world.notes) == ([request_id], [], [])


def test_a_failing_event_runs_three_times_under_one_request_id_and_is_recorded() -> None:
    world = World([BAD] * 3, EventSettings(on_failure="arn:aws:s3:::letters"))
    request_id = world.run()
    assert world.ids == [request_id] * 3
    ((key, body),) = world.stored
    assert key.startswith("aws/lambda/async/f/2026/01/01/2026-01-01T00.00.00-")
    assert b'"requestPayload": {"value": 1.10}' in body
    assert b'"responsePayload": {"n": 1.10}' in body
    assert json.loads(body)["requestContext"] == {
        "requestId": request_id,
        "functionArn": f"{ARN}:$LATEST",
        "condition": "RetriesExhausted",
        "approximateInvokeCount": 3,
    }


def test_the_number_of_retries_is_the_functions_setting() -> None:
    world = World([BAD, BAD], EventSettings(retries=0))
    world.run()
    assert len(world.ids) == 1
    assert "no on-failure destination" in world.notes[0]


def test_a_throttled_event_waits_without_using_up_its_retries() -> None:
    world = World([ThrottledError, BAD, BAD, GOOD])
    world.run()
    assert (len(world.ids), world.notes) == (3, [])


def test_an_event_that_is_throttled_for_too_long_is_given_up_for_its_age() -> None:
    world = World([ThrottledError] * 9, EventSettings(on_failure="arn:aws:s3:::letters"))
    world.run()
    ((_, body),) = world.stored
    told = json.loads(body)
    assert told["requestContext"]["condition"] == "EventAgeExceeded"
    assert "responseContext" not in told
    assert world.ids == []


def test_a_record_that_cannot_be_stored_is_told_in_the_functions_log() -> None:
    world = World([BAD] * 3, EventSettings(on_failure="arn:aws:s3:::letters"), problem="no permission")
    world.run()
    assert "its record was not stored: no permission" in world.notes[0]


def test_an_event_of_a_deleted_function_is_dropped_and_told() -> None:
    world = World([KeyError])
    world.run()
    assert "dropped with its function" in world.notes[0]


def test_a_record_without_an_attempt_has_no_response() -> None:
    record = json.loads(GivenUp("r", b"1", "EventAgeExceeded", 0, None).to_json(ARN, datetime(2026, 1, 1, tzinfo=UTC)))
    assert set(record) == {"version", "timestamp", "requestContext", "requestPayload"}
    assert (record["version"], record["timestamp"]) == ("1.0", "2026-01-01T00:00:00.000Z")


def test_two_records_of_one_second_have_different_keys() -> None:
    moment = datetime(2026, 1, 1, tzinfo=UTC)
    assert object_key("f", moment) != object_key("f", moment)
