"""docs/reference/openapi.yaml, docs/reference/messages.md and the code say the same of the chain's receivers."""

from __future__ import annotations

import ast
import re
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from l3kit.tiering.format import messages
from l3kit.tiering.format.chunks import MAX_DEVICE_ID_BYTES
from l3kit.tiering.format.item_times import moment_or_none
from l3kit.tiering.settings.function_table import FUNCTIONS
from l3kit.tiering.stream import feedback_receiving, receiving
from l3kit.tiering.stream.batches import Counts
from l3kit.tiering.transfer import admission, envelope, receiver, wire
from tests.support.foreign_sender import ForeignSender, resolved
from tests.support.protocol_requests import OPENAPI, document, validator

RECEIVERS, FEEDBACK = ("/ingestion", "/writer"), "/feedback-receiver"
SCHEMAS = document()["components"]["schemas"]
PAGE = (OPENAPI.parent / "messages.md").read_text("utf-8")
SECTION = PAGE.split("## Requests from another cloud")[1].split("\n## ")[0]


def nodes(module: ModuleType) -> list[ast.AST]:
    return list(ast.walk(ast.parse(Path(str(module.__file__)).read_text("utf-8"))))


def statuses_in(module: ModuleType) -> set[str]:
    """The statuses of the answers that a module makes."""
    calls = [node for node in nodes(module) if isinstance(node, ast.Call) and isinstance(node.func, ast.Name)]
    made = [
        call.args[0] for call in calls if isinstance(call.func, ast.Name) and call.func.id in ("Response", "Refusal")
    ]
    return {str(status.value) for status in made if isinstance(status, ast.Constant)}


def test_the_receivers_of_the_chain_are_documented() -> None:
    chain = {f"/{name}" for name, spec in FUNCTIONS.items() if spec.role == "writer"} - {
        "/cold-writer",
        "/archive-writer",
    }
    assert {*RECEIVERS, FEEDBACK} == chain <= set(document()["paths"])


@pytest.mark.parametrize("path", RECEIVERS)
def test_the_statuses_are_the_codes_and_the_pages(path: str) -> None:
    documented = set(document()["paths"][path]["post"]["responses"])
    made = set().union(*map(statuses_in, (wire, admission, receiver, envelope, receiving)))
    assert documented == (made - {"409"}) | {"429"}, "409 is of the writers of chunks and objects, 429 the cloud's"
    told = {status for row in re.findall(r"^\| ([0-9].*?) \|", SECTION, re.MULTILINE) for status in row.split()}
    assert {status.rstrip(",") for status in told} >= documented - {"500"}
    assert "429, 5xx" in SECTION


def test_the_envelope_has_exactly_the_fields_that_are_read() -> None:
    read = {
        argument.value
        for node in nodes(receiving)
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr in ("text", "value")
        for argument in node.args[:1]
        if isinstance(argument, ast.Constant)
    }
    assert set(SCHEMAS["MessageEnvelope"]["properties"]) == {*read, receiving.PAYLOAD}


def test_the_counts_are_the_codes_and_the_pages() -> None:
    counts = SCHEMAS["Counts"]
    assert list(counts["properties"]) == list(Counts.__dataclass_fields__)
    assert counts["required"] == list(Counts().to_json())
    validator("Counts").validate(Counts(1, 2, 3, 4, 5).to_json())
    for name in counts["properties"]:
        assert f"\n| `{name}` |" in PAGE


def test_a_refusal_gives_the_problems_that_normalising_finds() -> None:
    found = {
        messages.MessageProblem[node.attr]
        for node in nodes(messages)
        if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name) and node.value.id == "MessageProblem"
    }
    refusal = SCHEMAS["MessageRefusal"]["properties"]
    assert refusal["problem"]["enum"] == [problem for problem in messages.MessageProblem if problem in found]
    for name in ("field", "index", "member", "problem"):
        assert name in refusal
        assert f"`{name}`" in SECTION


def test_limits_and_names_are_the_codes() -> None:
    assert f"{messages.MAX_MESSAGE_BYTES:,} bytes" in SCHEMAS["MessageEnvelope"]["description"]
    assert SCHEMAS["MessageDevice"]["maxLength"] == MAX_DEVICE_ID_BYTES
    devices, times = (part["anyOf"] for part in SCHEMAS["Message"]["allOf"])
    for forms, names in ((devices, messages.DEVICE_NAMES), (times, messages.TIME_NAMES)):
        assert [form["required"] for form in forms] == [[name] for name in names]
        for place, form in enumerate(forms):
            before = [name for name, schema in form["properties"].items() if schema is False]
            assert before == list(names[:place]), "another member comes first"


def test_the_statuses_and_fields_of_feedback_are_the_codes_and_the_pages() -> None:
    documented = set(document()["paths"][FEEDBACK]["post"]["responses"])
    made = set().union(*map(statuses_in, (wire, admission, receiver, envelope, feedback_receiving)))
    assert documented == (made - {"409"}) | {"429", str(feedback_receiving.NOT_SENT)}
    fields = {"source_cloud", feedback_receiving.DEVICE, feedback_receiving.PAYLOAD}
    assert set(SCHEMAS["FeedbackEnvelope"]["properties"]) == fields
    section = PAGE.split("## Feedback to devices")[1].split("\n## ")[0]
    for name in (*fields, str(feedback_receiving.NOT_SENT), FEEDBACK.removeprefix("/")):
        assert f"`{name}`" in section or f"| {name} |" in section


def test_every_example_of_feedback_fits_its_schema() -> None:
    sender = ForeignSender(FEEDBACK, "", "", document())
    for body in sender.bodies.values():
        validator("FeedbackEnvelope").validate(body)
    for example in sender.examples:
        names = schemas_of(sender.operation["responses"][str(example.status)])
        assert [name for name in names if validator(name).is_valid(example.answer)], example.name


@pytest.mark.parametrize("path", RECEIVERS)
def test_every_example_fits_its_schema(path: str) -> None:
    sender = ForeignSender(path, "", "", document())
    assert len(sender.bodies) == 2
    for body in sender.bodies.values():
        validator("MessageEnvelope").validate(body)
    examples = list(sender.examples)
    assert {example.status for example in examples} == {200, 400, 403, 405, 415}
    for example in examples:
        names = schemas_of(sender.operation["responses"][str(example.status)])
        assert [name for name in names if validator(name).is_valid(example.answer)], example.name


def schemas_of(answer: Any) -> list[str]:
    schema = resolved(document(), answer)["content"]["application/json"]["schema"]
    return [one["$ref"].rpartition("/")[2] for one in schema.get("oneOf", [schema])]


_ALMOST = (
    r"[12][0-9]{3}-?[01][0-9]-?([01][0-9]|2[0-8])[Tt _][0-2][0-9]:?[0-6][0-9](:?[0-6][0-9]([.,][0-9]{0,10})?)?"
    r"([Zz]|[+-][01][0-9]:?[0-6][0-9])?"
)
TIMES = st.from_regex(_ALMOST, fullmatch=True) | st.from_regex("-?[0-9]{8,20}", fullmatch=True)
TIME = validator("MessageTime")


@given(TIMES)
def test_a_time_is_accepted_exactly_if_it_fits_the_schema(text: str) -> None:
    """Of days that exist in every month."""
    assert TIME.is_valid(text) == (moment_or_none(text) is not None)
    if str(int(text) if text.removeprefix("-").isdigit() else "") == text:
        assert TIME.is_valid(int(text)) == (moment_or_none(text) is not None)
