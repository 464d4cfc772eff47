"""openapi.yaml, protocol.md, readers.md of docs/reference and the code have the same fields, headers and statuses."""

from __future__ import annotations

import ast
import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import schemathesis

from l3kit.tiering.format import object_metadata
from l3kit.tiering.runtime import reader_requests, readers
from l3kit.tiering.settings.function_table import FUNCTIONS
from l3kit.tiering.transfer import (
    admission,
    archive_writer,
    chunk_items,
    cold_writer,
    envelope,
    multipart,
    signing,
    wire,
)
from l3kit.tiering.transfer import receiver as writers
from l3kit.tiering.transfer.refusals import Answer, remedy_of
from l3kit.twin.layout import READERS
from tests.support.protocol_requests import OPENAPI, document, validator
from tests.support.wire_server import chunk_of, item

SPEC = document()
PAGE, READERS_PAGE = ((OPENAPI.parent / name).read_text() for name in ("protocol.md", "readers.md"))
WRITERS = ("/cold-writer", "/archive-writer")
COLD, ARCHIVE = PAGE.split("## Cold writer")[1].split("## Archive writer")
ARCHIVE = ARCHIVE.split("\n## ")[0]
ENVELOPES = {"ColdWriter": "ColdEnvelope", "ArchiveWriter": "ArchiveEnvelope"}
MODULES = {"ColdWriter": cold_writer, "ArchiveWriter": archive_writer}


def properties(schema: Any) -> set[str]:
    """All names that a schema gives to properties of its own level, through `$ref`, `allOf`, `anyOf` and `oneOf`."""
    if "$ref" in schema:
        return properties(SPEC["components"]["schemas"][schema["$ref"].rpartition("/")[2]])
    inner = [part for kind in ("allOf", "anyOf", "oneOf") for part in schema.get(kind, ())]
    return set(schema.get("properties", ())).union(*map(properties, inner))


def read_fields(tree: ast.AST) -> Iterator[str]:
    """The literal names in `envelope.text("name")` and its like."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
            owner = node.func.value
            if isinstance(owner, ast.Name) and owner.id == "envelope":
                yield from (a.value for a in node.args[:1] if isinstance(a, ast.Constant) and isinstance(a.value, str))
                if node.func.attr == "digest" and not node.args:
                    yield "sha256"


def fields_read_by(writer: str) -> set[str]:
    """The fields that a writer takes from its envelope, with the functions that it hands the envelope to."""
    tree = ast.parse(Path(str(MODULES[writer].__file__)).read_text())
    named = {node.name: node for node in tree.body if isinstance(node, ast.ClassDef | ast.FunctionDef)}
    calls = (node.func for node in ast.walk(named[writer]) if isinstance(node, ast.Call))
    called = {function.id for function in calls if isinstance(function, ast.Name)}
    return set().union(*(read_fields(named[name]) for name in {writer, *(called & named.keys())}))


@pytest.mark.parametrize(("writer", "envelope"), ENVELOPES.items(), ids=ENVELOPES)
def test_the_schema_has_exactly_the_fields_that_the_writer_reads(writer: str, envelope: str) -> None:
    assert properties({"$ref": f"#/components/schemas/{envelope}"}) == fields_read_by(writer)


@pytest.mark.parametrize(
    ("section", "envelope"), [(COLD, "ColdEnvelope"), (ARCHIVE, "ArchiveEnvelope")], ids=["cold", "archive"]
)
def test_the_page_names_every_field(section: str, envelope: str) -> None:
    for name in properties({"$ref": f"#/components/schemas/{envelope}"}):
        assert re.search(rf'[`"]{name}[`"]', section), name


def test_the_page_and_the_schema_have_the_same_statuses() -> None:
    told = set(re.findall(r"^\| ([45]\d\d|200)[ ,]", PAGE, re.MULTILINE))
    for path in WRITERS:
        documented = set(SPEC["paths"][path]["post"]["responses"])
        assert documented - {"500"} == told, "the page says 5xx"
        assert "429, 5xx" in PAGE


def test_the_writers_answer_no_status_that_is_not_documented() -> None:
    documented = {int(status) for status in SPEC["paths"]["/cold-writer"]["post"]["responses"]}
    used = set()
    for module in (wire, admission, writers, cold_writer, archive_writer, multipart, envelope, chunk_items):
        for node in ast.walk(ast.parse(Path(str(module.__file__)).read_text())):
            made = node.func.id if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) else ""
            if made in ("Response", "Refusal", "_DigestMismatch"):
                used |= {first.value for first in node.args[:1] if isinstance(first, ast.Constant)}
    assert used == documented - {429}, "429 is the cloud's"


def test_the_sender_has_a_remedy_of_its_own_for_every_refusal() -> None:
    documented = {int(status) for status in SPEC["paths"]["/cold-writer"]["post"]["responses"]} - {200, 409}
    told = {status: remedy_of(Answer(status, {"error": "no", "field": "items"})) for status in documented}
    assert len(set(told.values())) == len(documented)
    assert remedy_of(Answer(418)) not in told.values(), "what is told of answers that are nobody's"


def test_headers_are_called_the_same() -> None:
    schemes, parameters = SPEC["components"]["securitySchemes"], SPEC["components"]["parameters"].values()
    names = {"token": wire.TOKEN_HEADER, "signature": signing.SIGNATURE_HEADER}
    assert {kind: scheme["name"] for kind, scheme in schemes.items()} == names
    headers = {parameter["name"] for parameter in parameters if parameter["in"] == "header"}
    assert headers == {wire.IDEMPOTENCY_HEADER, "Content-Encoding"}
    for name in (*names.values(), wire.IDEMPOTENCY_HEADER, "Content-Encoding"):
        assert f"| `{name}` |" in PAGE


def test_the_signed_paths_are_the_schemas_and_the_functions_names() -> None:
    signed = {writer.path for writer in (cold_writer.ColdWriter, archive_writer.ArchiveWriter)}
    assert signed <= set(SPEC["paths"])
    assert signed <= {f"/{name}" for name in FUNCTIONS}


def test_limits_are_the_codes() -> None:
    schemas = SPEC["components"]["schemas"]
    archive = schemas["ArchiveEnvelope"]["properties"]
    assert archive["object_key"]["maxLength"] == wire.MAX_KEY_BYTES
    assert archive["metadata"]["maxProperties"] == object_metadata.MAX_METADATA_NAMES
    assert f"{object_metadata.MAX_METADATA_BYTES:,} bytes" in archive["metadata"]["description"]
    assert schemas["Part"]["properties"]["total_parts"]["maximum"] == multipart.MAX_PARTS
    assert f"{cold_writer.MAX_CHUNK_KEY_BYTES:,} bytes" in schemas["Chunk"]["description"]
    assert f"{cold_writer.MAX_CHUNK_KEY_BYTES:,} bytes" in COLD
    assert f"at most {object_metadata.MAX_METADATA_NAMES} names" in ARCHIVE


def test_it_is_valid_openapi() -> None:
    schemathesis.openapi.from_path(OPENAPI).validate()


@pytest.mark.parametrize("reader", READERS)
def test_a_readers_parameters_and_statuses_are_the_codes_and_the_pages(reader: str) -> None:
    operation = SPEC["paths"][f"/{reader}"]["get"]
    names = {reference["$ref"].rpartition("/")[2] for reference in operation["parameters"]}
    parameters = [SPEC["components"]["parameters"][name] for name in names]
    assert {parameter["name"] for parameter in parameters} == reader_requests.FIELDS[reader].keys()
    told = {name for row in re.findall(r"^\| (`.+?) \|", READERS_PAGE, re.MULTILINE) for name in row.split(", ")}
    assert {f"`{parameter['name']}`" for parameter in parameters} <= told
    assert [one["name"] for one in parameters if one.get("required")] == ["device"]
    statuses = set(re.findall(r"^\| ([45]\d\d)[ ,]", READERS_PAGE, re.MULTILINE)) | {"200", "500"}
    assert set(operation["responses"]) == statuses
    assert "429, 5xx" in READERS_PAGE


def test_the_readers_answer_no_status_that_is_not_documented() -> None:
    tree = ast.parse(Path(str(reader_requests.__file__)).read_text())
    made = [node for node in ast.walk(tree) if isinstance(node, ast.Call) and isinstance(node.func, ast.Name)]
    first = [node.args[0] for node in made if isinstance(node.func, ast.Name) and node.func.id == "Response"]
    used = {str(status.value) for status in first if isinstance(status, ast.Constant)}
    assert used == set(SPEC["paths"]["/hot-reader"]["get"]["responses"]) - {"429"}, "429 is the cloud's"


def test_a_readers_limits_are_the_codes() -> None:
    limit = SPEC["components"]["parameters"]["Limit"]["schema"]
    assert (limit["maximum"], limit["default"]) == (readers.MAX_LIMIT, readers.DEFAULT_LIMIT)
    assert SPEC["components"]["schemas"]["History"]["properties"]["items"]["maxItems"] == readers.MAX_LIMIT
    device = SPEC["components"]["parameters"]["Device"]
    assert f"{reader_requests.MAX_DEVICE_BYTES:,} bytes" in device["description"]
    assert device["schema"]["maxLength"] * 4 <= reader_requests.MAX_DEVICE_BYTES
    assert f"1 to {readers.MAX_LIMIT:,}" in READERS_PAGE


def examples(section: str) -> list[Any]:
    blocks = re.findall(r"```json\n(.*?)```", section, re.DOTALL)
    return [json.loads(block.replace('"..."', json.dumps("ab" * 32))) for block in blocks]


def test_the_pages_examples_fit_the_schemas() -> None:
    chunk, receipt = examples(COLD)
    validator("ColdEnvelope").validate(chunk)
    validator("ChunkReceipt").validate(receipt)
    parcel, whole, pending = examples(ARCHIVE)
    validator("ArchiveEnvelope").validate(parcel)
    validator("ObjectReceipt").validate(whole)
    validator("Pending").validate({**pending, "key": "k"})


def test_what_l3kit_sends_fits_the_schemas_and_uses_no_field_of_its_own() -> None:
    chunk = chunk_of([item(0), item(1)], compression="zstd")
    seal = b"".join(wire.seal_pieces(chunk.key, "gcp"))
    sent = [b"".join(wire.chunk_pieces(chunk, "aws", again=again)) for again in (True, False)]
    asked = b"".join(wire.look_pieces(chunk.key, "gcp")), b"".join(wire.highest_pieces("d", "gcp"))
    for body in map(json.loads, [*sent, seal, *asked]):
        validator("ColdEnvelope").validate(body)
        assert body.keys() <= properties({"$ref": "#/components/schemas/ColdEnvelope"})
    whole = wire.ArchivePart("k", b"\xff", "0" * 64, content_encoding="gzip", metadata={"items": "1"})
    part = wire.ArchivePart("k", "传".encode(), "0" * 64, 2, 3)
    for piece, as_text in ((whole, False), (part, False), (part, True)):
        body = json.loads(b"".join(piece.pieces("aws", as_text=as_text)))
        validator("ArchiveEnvelope").validate(body)
        assert body.keys() <= properties({"$ref": "#/components/schemas/ArchiveEnvelope"})
