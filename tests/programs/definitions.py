"""Writes the definitions of Google's APIs that the sandbox's double goes by: `make definitions`.

They come from the discovery documents in google-api-python-client, cut to the methods that l3kit calls and to the facts
that a check needs; descriptions go. A call that l3kit makes anew is added to `CALLED` here.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Collection, Iterator, Mapping, Sequence
from importlib.resources import files
from pathlib import Path
from typing import Any

FOLDER = Path(__file__).resolve().parents[2] / "l3kit" / "sandbox" / "gcp" / "control" / "definitions"
POLICY = "getIamPolicy setIamPolicy testIamPermissions"
CALLED: Mapping[str, Mapping[str, str]] = {
    "cloudbilling.v1": {"projects": "getBillingInfo"},
    "cloudfunctions.v2": {
        "projects.locations": "list",
        "projects.locations.functions": "create delete generateUploadUrl get list patch " + POLICY,
        "projects.locations.operations": "get list",
        "projects.locations.runtimes": "list",
    },
    "cloudresourcemanager.v3": {"projects": "get " + POLICY},
    "cloudscheduler.v1": {
        "projects.locations": "list",
        "projects.locations.jobs": "create delete get list patch pause resume run",
    },
    "firestore.v1": {
        "projects.databases": "create delete get list patch",
        "projects.databases.collectionGroups.fields": "get list patch",
        "projects.databases.collectionGroups.indexes": "create delete get list",
        "projects.databases.documents": "get listCollectionIds patch",
        "projects.databases.operations": "get list",
        "projects.locations": "list",
    },
    "iam.v1": {
        "projects.roles": "create delete get list patch undelete",
        "projects.serviceAccounts": "create delete disable enable get list patch " + POLICY,
        "roles": "get",
    },
    "iamcredentials.v1": {"projects.serviceAccounts": "generateAccessToken generateIdToken"},
    "logging.v2": {
        "entries": "list",
        "projects.locations.buckets": "get list patch",
        "projects.metrics": "create delete get list update",
    },
    "monitoring.v3": {
        "projects.alertPolicies": "create delete get list patch",
        "projects.notificationChannels": "create delete get list patch",
        "projects.timeSeries": "list",
    },
    "pubsub.v1": {
        "projects.subscriptions": "create delete get list modifyPushConfig patch " + POLICY,
        "projects.topics": "create delete get list patch publish " + POLICY,
    },
    "run.v2": {
        "projects.locations.operations": "get list",
        "projects.locations.services": "delete get list patch " + POLICY,
    },
    "serviceusage.v1": {
        "operations": "get",
        "services": "batchEnable batchGet enable get list",
    },
    "storage.v1": {
        "buckets": "delete get insert list patch " + POLICY,
        "objects": "delete get insert list rewrite",
    },
}
"""Methods that l3kit calls, by document and resource."""
ROOT = "^projects/[^/]+/databases/[^/]+/documents(/[^/]+/.*)?$"
PATTERNS: Mapping[str, Mapping[str, str]] = {
    "firestore.projects.databases.documents.listCollectionIds": {"parent": ROOT}
}
"""Parameters of which a document has one form, and the HTTP rules of the API's client in Python another one too."""

NOTES = {"required": "required. ", "readOnly": "output only. "}
"""Facts that most documents tell only by how a description begins."""
FACTS = ("$ref", "enum", "format", "maximum", "minimum", "pattern", "readOnly", "repeated", "required", "type")


def ids(called: Mapping[str, Mapping[str, str]] = CALLED) -> frozenset[str]:
    """Return methods as their definitions name them, `storage.buckets.insert` for example."""
    return frozenset(
        f"{document.partition('.')[0]}.{resource}.{name}"
        for document, resources in called.items()
        for resource, names in resources.items()
        for name in names.split()
    )


def pruned(document: Mapping[str, Any], called: Mapping[str, str]) -> dict[str, Any]:
    """Cut a discovery document to some of its methods, and the schemas that these use."""
    methods = {m["id"]: _method(document, m) for resource in called.items() for m in _methods(document, *resource)}
    schemas: dict[str, Any] = {}
    wanted = [m[key] for m in methods.values() for key in ("request", "response") if key in m]
    while wanted:
        name = wanted.pop()
        if name not in schemas:
            schemas[name] = _facts(document["schemas"][name], methods)
            wanted += _references(schemas[name])
    return {
        "methods": methods,
        "parameters": {name: _facts(told) for name, told in document["parameters"].items()},
        "revision": document["revision"],
        "schemas": schemas,
    }


def text_of(definition: Mapping[str, Any]) -> str:
    return json.dumps(definition, sort_keys=True, separators=(",", ":"), ensure_ascii=False) + "\n"


def discovered(name: str) -> Mapping[str, Any]:
    """Return a discovery document of the package. Raises: ModuleNotFoundError without it."""
    folder = files("googleapiclient") / "discovery_cache" / "documents"
    document = json.loads((folder / f"{name}.json").read_bytes())
    assert isinstance(document, dict)
    return document


def _methods(document: Mapping[str, Any], resource: str, names: str) -> Iterator[Mapping[str, Any]]:
    for part in resource.split("."):
        document = document["resources"][part]
    for name in names.split():
        yield document["methods"][name]


def _method(document: Mapping[str, Any], told: Mapping[str, Any]) -> dict[str, Any]:
    found = {key: told[key] for key in ("httpMethod", "supportsMediaDownload") if key in told}
    found["path"] = document["servicePath"] + told["path"]
    wider = PATTERNS.get(told["id"], {})
    if "mediaUpload" in told:
        found["uploadPath"] = told["mediaUpload"]["protocols"]["simple"]["path"].removeprefix("/")
    found["parameters"] = {
        name: {"location": parameter["location"], **_facts(parameter), **_pattern(wider, name)}
        for name, parameter in told.get("parameters", {}).items()
    }
    return found | {key: told[key]["$ref"] for key in ("request", "response") if key in told}


def _facts(told: Mapping[str, Any], methods: Collection[str] = ()) -> dict[str, Any]:
    """Return the facts of a schema or a parameter; `methods` are those that may require it."""
    found = {key: told[key] for key in FACTS if key in told}
    begins = told.get("description", "").lower()
    found |= {fact: True for fact, words in NOTES.items() if begins.startswith(words)}
    if not set(methods).isdisjoint(told.get("annotations", {}).get("required", ())):
        found["required"] = True
    if "properties" in told:
        found["properties"] = {name: _facts(inner, methods) for name, inner in told["properties"].items()}
    return found | {key: _facts(told[key], methods) for key in ("additionalProperties", "items") if key in told}


def _pattern(wider: Mapping[str, str], name: str) -> dict[str, str]:
    return {"pattern": wider[name]} if name in wider else {}


def _references(schema: Mapping[str, Any]) -> Iterator[str]:
    if "$ref" in schema:
        yield schema["$ref"]
    inner: Sequence[Mapping[str, Any]] = [
        *schema.get("properties", {}).values(),
        *(schema[key] for key in ("additionalProperties", "items") if key in schema),
    ]
    for one in inner:
        yield from _references(one)


def main() -> None:
    FOLDER.mkdir(parents=True, exist_ok=True)
    total = 0
    for name, called in CALLED.items():
        try:
            definition = pruned(discovered(name), called)
        except ModuleNotFoundError:
            sys.exit("google-api-python-client is missing: pip install 'l3kit[test]'")
        text = text_of(definition)
        (FOLDER / f"{name}.json").write_text(text)
        total += len(text.encode())
        counts = f"{len(definition['methods'])} methods, {len(definition['schemas'])} schemas"
        print(f"{name}: {counts}, {len(text.encode()):,} bytes", flush=True)
    print(f"all: {total:,} bytes")


if __name__ == "__main__":
    main()
