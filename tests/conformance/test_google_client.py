"""Requests as Google's own client for Python builds them are taken, for each method that l3kit calls."""

from __future__ import annotations

import json
from collections.abc import Mapping
from functools import cache
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from l3kit.sandbox.gcp.control.rules import Rules
from l3kit.sandbox.gcp.control.rules.documents import Document, Method, Schema, documents
from tests.programs.definitions import CALLED
from tests.support.google_messages import messages

discovery = pytest.importorskip("googleapiclient.discovery", reason="google-api-python-client is in the extra `test`")
credentials = pytest.importorskip("google.oauth2.credentials")
RULES = Rules.load()
ROOT = "http://127.0.0.1:1"
EXAMPLES: Mapping[str, Any] = {"boolean": True, "integer": 1, "string": "x"}
BY_FORM: Mapping[str, str] = {
    "google-fieldmask": "*",
    "google-datetime": "2026-01-01T00:00:00Z",
    "google-duration": "60s",
    "int64": "7",
    "byte": "eA==",
}
PATTERN_PARTS: Mapping[str, str] = {"[^/]+": "x-1", ".*": "x-1", "(": "", ")?": ""}
"""The parts of patterns of paths, and what stands for them in an example."""
METHODS = [
    (document, resource, name)
    for document, resources in CALLED.items()
    for resource, names in resources.items()
    for name in names.split()
]


@cache
def client(document: str) -> Any:
    """The client of an API, without a request for its definition."""
    api, version = document.split(".")
    path = "storage/v1/" if api == "storage" else ""
    options = {"api_endpoint": f"{ROOT}/{path}"}
    token = credentials.Credentials("token")
    return discovery.build(api, version, credentials=token, client_options=options, static_discovery=True)


def built(document: str, resource: str, name: str, parameters: Mapping[str, Any], body: Any) -> Any:
    """Return the request, unsent."""
    place = client(document)
    for part in resource.split("."):
        place = getattr(place, part)()
    named = {key.replace(".", "_"): value for key, value in parameters.items()}
    return getattr(place, name)(**named, **({} if body is None else {"body": body}))


def example(parameter: Schema) -> Any:
    if "pattern" in parameter:
        found = parameter["pattern"].strip("^$")
        for part, text in PATTERN_PARTS.items():
            found = found.replace(part, text)
        return found
    if "enum" in parameter:
        return parameter["enum"][-1]
    value = BY_FORM.get(parameter.get("format", ""), EXAMPLES[parameter["type"]])
    return [value, value] if parameter.get("repeated") else value


def defined(document: str, resource: str, name: str) -> tuple[Document, Method]:
    api = document.partition(".")[0]
    return next(
        (found, found.methods[f"{api}.{resource}.{name}"])
        for found in documents(f"{api}.googleapis.com")
        if f"{api}.{resource}.{name}" in found.methods
    )


@pytest.mark.parametrize(("document", "resource", "name"), METHODS, ids=map(".".join, METHODS))
@settings(max_examples=3, suppress_health_check=[HealthCheck.too_slow])
@given(st.data())
def test_a_built_request_is_taken_as_the_method_that_it_is(
    document: str, resource: str, name: str, data: st.DataObject
) -> None:
    definition, method = defined(document, resource, name)
    body = data.draw(messages(definition, {"$ref": method.request})) if method.request else None
    parameters = {key: example(told) for key, told in method.parameters.items()}
    request = built(document, resource, name, parameters, body)
    url = urlsplit(request.uri)
    match = RULES.match(f"{document.partition('.')[0]}.googleapis.com", request.method, url.path)
    assert match is not None, request.uri
    in_path = {key: parameters[key] for key, told in method.parameters.items() if told["location"] == "path"}
    assert (match.id, dict(match.parameters)) == (method.id, in_path)
    content = (request.body or "").encode()
    assert RULES.faults(match, parse_qsl(url.query, keep_blank_values=True), content) == ()
    if body is not None:
        assert json.loads(content) == body
