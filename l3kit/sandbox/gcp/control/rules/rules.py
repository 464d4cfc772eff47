"""The rules of Google's APIs: which requests exist, and what they may hold."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

from l3kit.sandbox.gcp.control.rules.bodies import MalformedError, metadata, parse
from l3kit.sandbox.gcp.control.rules.documents import Document, Method, documents
from l3kit.sandbox.gcp.control.rules.fault import Fault, invalid_value
from l3kit.sandbox.gcp.control.rules.messages import Messages
from l3kit.sandbox.gcp.control.rules.names import in_definition, known
from l3kit.sandbox.gcp.control.rules.query import query_faults
from l3kit.sandbox.gcp.control.rules.reading import read
from l3kit.sandbox.gcp.control.rules.required import missing
from l3kit.sandbox.gcp.control.rules.templates import split

_PACKAGE = re.compile(r"^.*V\d+(?=[A-Z])")
_RESOURCES = {"LogBucket": "bucket", "LogMetric": "metric"}
"""Fields that hold a resource in a request under another name than its own."""


@dataclass(frozen=True, slots=True)
class Match:
    """A method of an API that a request calls.

    Attributes:
        service: the API's host.
        id: as in the discovery document, such as `firestore.projects.databases.create`.
        parameters: those in the path, percent-decoded.
    """

    service: str
    id: str
    parameters: Mapping[str, str]


class Rules:
    """Definitions of the APIs that l3kit calls; each is read when it is first needed."""

    @classmethod
    def load(cls) -> Rules:
        """Return the rules, of which a process needs no more than one."""
        return _RULES

    def match(self, service: str, verb: str, path: str) -> Match | None:
        """Find the method of a request; `path` is percent-encoded, as it was sent, without its query."""
        for method, parameters in _at(service, path):
            if method.verb == verb:
                return Match(service, method.id, parameters)
        return None

    def verbs(self, service: str, path: str) -> tuple[str, ...]:
        """Return the verbs of the methods at a path, for a refusal."""
        return tuple(sorted({method.verb for method, _ in _at(service, path)}))

    def faults(self, match: Match, query: Sequence[tuple[str, str]], body: bytes) -> tuple[Fault, ...]:
        """Return everything wrong with a request; `query` as decoded names and values."""
        document, method = _method(match)
        return (*query_faults(document, method, query), *_body_faults(document, method, query, body))

    def parameters(self, match: Match, query: Sequence[tuple[str, str]]) -> list[tuple[str, str]]:
        """Return the query of a request without faults with the names of JSON: `updateMask` for `update_mask`."""
        document, method = _method(match)
        return [(known(method.parameters, name, proto=document.proto) or name, value) for name, value in query]

    def message(self, match: Match, body: bytes) -> dict[str, Any]:
        """Return the body of a request without faults as the service understands it.

        Fields have their JSON names, enums are names, and fields that only the service sets are left out, as Google
        ignores them.
        """
        document, method = _method(match)
        if method.request is None:
            return {}
        found = read(_messages(document), {"$ref": method.request}, parse(body))
        assert isinstance(found, dict)
        return found

    def answer_faults(self, match: Match, answer: object) -> tuple[Fault, ...]:
        """Return everything wrong with an answer's JSON; None for an answer without a body."""
        document, method = _method(match)
        if method.response is None or answer is None:
            return () if method.response is None and not answer else (Fault("", "an answer has a body"),)
        return tuple(_messages(document).faults({"$ref": method.response}, answer))


_RULES = Rules()


def _at(service: str, path: str) -> Iterator[tuple[Method, Mapping[str, str]]]:
    """The methods at a path, whatever their verb, with their parameters."""
    for document in documents(service):
        plain, action = split(path, document.actions)
        for method in document.methods.values():
            for template in method.templates:
                if template.action == action and (found := template.parameters(plain)) is not None:
                    yield method, found


def _method(match: Match) -> tuple[Document, Method]:
    return next((d, d.methods[match.id]) for d in documents(match.service) if match.id in d.methods)


@cache
def _messages(document: Document) -> Messages:
    return Messages(document.schemas, document.proto)


def _body_faults(document: Document, method: Method, query: Sequence[tuple[str, str]], body: bytes) -> Iterator[Fault]:
    upload = dict(query).get("uploadType", "")
    try:
        told = parse(metadata(upload, body) if upload else body)
    except MalformedError as error:
        yield Fault("", str(error))
        return
    if method.request is None:
        if told != {}:
            yield Fault("", "Invalid JSON payload received. This method takes no body.")
    elif not isinstance(told, Mapping):
        yield invalid_value(_resource(method) or "body", "(an object)")
    else:
        at = _resource(method) if document.proto else ""
        messages = _messages(document)
        yield from messages.faults({"$ref": method.request}, told, at)
        yield from missing(messages, method, told, at)


def _resource(method: Method) -> str:
    """The field of the request that the body is; blank where the body is the whole request."""
    name = _PACKAGE.sub("", method.request or "")
    whole = name.endswith("Request") or method.verb == "PUT"
    return _RESOURCES.get(name, "" if whole else in_definition(name))
