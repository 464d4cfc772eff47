"""A function of Cloud Functions v2 as it is sent, and as the answer says it. No I/O."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

from l3kit.clouds.gcp.control.code_digests import LABEL, digest_label, hex_digest
from l3kit.clouds.gcp.control.place import Place, labels, owner_in
from l3kit.clouds.ports.function_host import Definition, Deployed
from l3kit.clouds.shared.drift import drift

ENTRY_POINT = "main"
THREADS = 4
"""Requests of one instance at a time: as many as the functions-framework has threads on one CPU."""
BUILD_ACCOUNT = "build"
ADDED = frozenset({"LOG_EXECUTION_ID"})
"""Variables that Google Cloud's tools set by themselves."""
BUSY = frozenset({"DEPLOYING", "DELETING", "DETACHING"})
_MEMORY = re.compile(r"(\d+(?:\.\d+)?)(k|Ki|M|Mi|G|Gi)?")
_UNITS = {"k": 1e3, "Ki": 2**10, "M": 2**20, "Mi": 2**20, "G": 2**30, "Gi": 2**30}
"""`512M` and `512Mi` mean the same there."""


def body(place: Place, name: str, definition: Definition, code: bytes, source: Mapping[str, Any]) -> dict[str, Any]:
    """Return a function as it is sent, with all that l3kit decides.

    Args:
        source: where its uploaded zip is.
    """
    wanted = fixed(place, definition.owner)
    wanted["name"] = f"{place.location}/functions/{name}"
    wanted["environment"] = "GEN_2"
    wanted["description"] = f"A function of the digital twin {definition.owner}, by l3kit"
    wanted["labels"] = {**labels(definition.owner), LABEL: digest_label(code)}
    wanted["buildConfig"] |= {"runtime": runtime(definition.python), "source": {"storageSource": dict(source)}}
    wanted["serviceConfig"] |= {
        "timeoutSeconds": definition.timeout,
        "availableMemory": f"{definition.memory_mb}Mi",
        "serviceAccountEmail": place.email(definition.identity),
        "environmentVariables": dict(definition.settings),
    }
    return wanted


def fixed(place: Place, owner: str) -> dict[str, Any]:
    """Return what every function of a twin has."""
    build = f"projects/{place.project}/serviceAccounts/{place.names(owner).email(BUILD_ACCOUNT)}"
    return {
        "buildConfig": {"entryPoint": ENTRY_POINT, "serviceAccount": build},
        "serviceConfig": {
            "availableCpu": "1",
            "maxInstanceRequestConcurrency": THREADS,
            "ingressSettings": "ALLOW_ALL",
            "allTrafficOnLatestRevision": True,
        },
    }


def deployed(place: Place, there: Mapping[str, Any], public: bool, callers: Sequence[str]) -> Deployed:
    """Return a function as it is deployed."""
    service, build = there.get("serviceConfig", {}), there.get("buildConfig", {})
    owner = owner_in(there.get("labels"))
    settings = {name: text for name, text in service.get("environmentVariables", {}).items() if name not in ADDED}
    definition = Definition(
        python_of(str(build.get("runtime", ""))),
        settings,
        owner,
        int(service.get("timeoutSeconds", 60)),
        public,
        memory_mb=megabytes(str(service.get("availableMemory", "256M"))),
        identity=account_of(place, str(service.get("serviceAccountEmail", ""))),
        callers=tuple(callers),
    )
    name = str(there["name"]).rpartition("/")[2]
    digest = hex_digest(there.get("labels", {}).get(LABEL, ""))
    return Deployed(name, address(there), digest, state_of(place, there, owner), definition)


def address(there: Mapping[str, Any]) -> str:
    return str(there.get("serviceConfig", {}).get("uri", ""))


def state_of(place: Place, there: Mapping[str, Any], owner: str) -> str:
    """Return `active`, or why it does not work as it should."""
    state = there.get("state", "STATE_UNSPECIFIED")
    if state in BUSY:
        return "it is still being made or changed"
    told = [one for one in there.get("stateMessages", ()) if one.get("severity") == "ERROR"]
    if state != "ACTIVE" or told:
        return f"it failed to start: {'; '.join(str(one.get('message', '')) for one in told) or state}"
    found = drift(fixed(place, owner), there) if owner else []
    return found[0].words if found else "active"


def is_busy(there: Mapping[str, Any]) -> bool:
    return there.get("state") in BUSY


def runtime(python: str) -> str:
    return f"python{python.replace('.', '')}"


def python_of(runtime: str) -> str:
    """Return the version in a runtime's name: `3.13` of `python313`."""
    digits = runtime.removeprefix("python")
    return f"{digits[:1]}.{digits[1:]}" if digits.isdecimal() else runtime


def megabytes(memory: str) -> int:
    found = _MEMORY.fullmatch(memory)
    return int(float(found[1]) * _UNITS.get(found[2] or "", 1) / 2**20) if found else 0


def account_of(place: Place, email: str) -> str:
    """Return the id of an account of the project; of another one its address."""
    account, _, domain = email.partition("@")
    return account if domain == f"{place.project}.iam.gserviceaccount.com" else email
