"""Google's definitions of its APIs, cut to the calls that l3kit makes.

They are in `definitions/`, which `make definitions` writes. The words in them are those of discovery documents:
`$ref`, `httpMethod`, `additionalProperties` and so on.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Any

from l3kit.sandbox.gcp.control.rules.templates import Template

Schema = Mapping[str, Any]
DOMAIN = ".googleapis.com"
_FOLDER = files("l3kit.sandbox.gcp.control") / "definitions"


@dataclass(frozen=True, slots=True)
class Method:
    """One method of an API.

    Attributes:
        id: as in the discovery document, such as `storage.buckets.insert`.
        parameters: those of its path and of its query.
        request: name of the body's schema; None for a method without a body.
        response: name of the answer's schema; None for an empty answer.
        templates: of its paths; one for uploads may be among them.
        media: its answer can be an object's contents.
    """

    id: str
    verb: str
    parameters: Mapping[str, Schema]
    request: str | None
    response: str | None
    templates: tuple[Template, ...]
    media: bool


@dataclass(frozen=True, slots=True, eq=False)
class Document:
    """The definitions of one version of an API.

    Attributes:
        parameters: what every method takes in its query.
        actions: names behind colons in its paths, `undelete` for example.
        proto: requests are messages of protocol buffers, whose fields have two names: `updateMask` and `update_mask`.
    """

    parameters: Mapping[str, Schema]
    methods: Mapping[str, Method]
    schemas: Mapping[str, Schema]
    actions: frozenset[str]
    proto: bool


@cache
def services() -> frozenset[str]:
    """Return the host names of the APIs that are defined."""
    return frozenset(name.partition(".")[0] + DOMAIN for name in _names())


def documents(service: str) -> tuple[Document, ...]:
    """Read what is defined of an API, all versions; nothing for an unknown host."""
    return _documents(service.removesuffix(DOMAIN)) if service in services() else ()


@cache
def _documents(api: str) -> tuple[Document, ...]:
    names = [name for name in _names() if name.startswith(f"{api}.")]
    return tuple(_document(json.loads((_FOLDER / name).read_bytes())) for name in names)


@cache
def _names() -> tuple[str, ...]:
    return tuple(sorted(f.name for f in _FOLDER.iterdir() if f.name.endswith(".json")))


def _document(told: Mapping[str, Any]) -> Document:
    methods = {m.id: m for m in _methods(told["methods"])}
    proto = not any(m.id.startswith("storage.") for m in methods.values())
    actions = frozenset(template.action for method in methods.values() for template in method.templates) - {""}
    return Document(told["parameters"], methods, told["schemas"], actions, proto)


def _methods(told: Mapping[str, Any]) -> Iterator[Method]:
    for name, method in told.items():
        parameters = method.get("parameters", {})
        paths = [method[key] for key in ("path", "uploadPath") if key in method]
        yield Method(
            name,
            method["httpMethod"],
            parameters,
            method.get("request"),
            method.get("response"),
            tuple(Template.of(path, parameters) for path in paths),
            method.get("supportsMediaDownload", False),
        )
