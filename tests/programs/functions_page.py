"""Write docs/reference/functions.md from the table of functions and their policies.

`python -m tests.programs.functions_page`.
"""

from __future__ import annotations

import sys
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from l3kit.clouds.aws.control.context import Context
from l3kit.clouds.aws.control.policies import Placement, function_policy
from l3kit.clouds.aws.names import AwsNames
from l3kit.clouds.aws.session import AwsSession
from l3kit.providers import names, provider
from l3kit.tiering.settings.function_table import FUNCTIONS, FunctionSpec, peers_of, variables_for
from l3kit.twin.layout import ORDER
from l3kit.twin.topics import feedback_filter

PAGE = Path(__file__).resolve().parents[2] / "docs" / "reference" / "functions.md"
TWIN, ACCOUNT, REGION = "plant-7", "123456789012", "eu-central-1"
PLACES: Mapping[str, Placement] = {
    "next tier or layer on AWS": Placement(remote=False, archive_here=True),
    "next tier or layer on another cloud": Placement(remote=True, archive_here=False),
}
NAMED_BY_EVENTS = "event-checker"
"""It calls functions that are not the twin's own."""
ROLES = {
    "source": "takes what devices sent, from the cloud's broker",
    "step": "is called by another function of the same cloud",
    "writer": "takes HTTP requests of another cloud",
    "mover": "is started by its schedule",
    "expirer": "is started by its schedule",
    "reader": "is asked by programs, and over HTTP with `reader_urls`",
}
TASKS = {
    "hot-to-cold-mover": "Packs items older than the hot tier's days into chunks, stores them cold, deletes the items.",
    "cold-writer": "Stores chunks of a hot tier on another cloud in the cold tier.",
    "cold-to-archive-mover": "Copies chunks older than the cold tier's days into the archive, then deletes them.",
    "archive-writer": "Stores chunks of a cold tier on another cloud in the archive, large ones from parts.",
    "archive-expirer": "Deletes chunks older than the archive's days; deployed only if the twin has such a setting.",
    "dispatcher": "Normalises devices' messages and hands them on; sets bad ones aside as dead letters.",
    "connector": "Posts messages to the cloud of layer 2.",
    "ingestion": "Admits messages of layer 1's cloud; refuses bad ones.",
    "default-processor": "Applies the twin's own processors.",
    "persister": "Stores items in the hot tier, then has their events checked.",
    "event-checker": "Evaluates `config_events.json` and carries out its actions.",
    "feedback-receiver": "Sends devices the feedback of an event-checker on another cloud.",
    "writer": "Stores items of layer 2's cloud in the hot tier; deployed as `hot-writer`.",
    "hot-reader": "Answers with a device's items in a time range.",
    "hot-reader-last-entry": "Answers with a device's newest item.",
}
HEAD = """# Every function and its permissions

For those who review what l3kit deploys: each function, what calls it, the stores that it opens, its variables, and all
that its role on AWS may do. The reasons, and the operator's permissions: [provisioning](provisioning.md).

Made from the code by `make pages`; change that, not this page.

Resources are those of the twin `plant-7` in the account 123456789012. CALLED stands for the deployed names of the
functions that a function calls in its layout; the event-checker calls those that the twin's events name. Where a store
is encrypted by a key of your own, a role may also use that key, for that service alone. On Azure and Google Cloud
functions run in the sandbox only, which checks no roles; stores and variables hold there too.
"""


def page() -> str:
    """The page's text."""
    sections = (line for name in ORDER for line in _section(FUNCTIONS[name]))
    return "\n".join([HEAD, *_overview(), *sections]).rstrip() + "\n"


def _overview() -> Iterator[str]:
    yield "| function | runs on the cloud of | task |\n|---|---|---|"
    for name in ORDER:
        yield f"| [{name}](#{name}) | {FUNCTIONS[name].tier} | {TASKS[name]} |"
    yield ""


def _section(spec: FunctionSpec) -> Iterator[str]:
    yield f"## {spec.name}\n\n{TASKS[spec.name]} It {ROLES[spec.role]}.\n"
    callers = [name for name in ORDER if spec.name in _called_by(name)]
    if callers:
        yield f"- Called by {', '.join(callers)}."
    if called := _called_by(spec.name):
        yield f"- Calls {', '.join(called)}."
    if spec.remote_url:
        yield f"- Posts to the receiver on the next cloud, at the address in `{spec.remote_url}`."
    yield f"- Stores: {', '.join(_stores(spec)) or 'none'}."
    yield from (f"- Variables on {cloud}: {_joined(sorted(found))}." for cloud, found in _variables(spec))
    yield ""
    yield from _permissions(spec.name)


def _called_by(name: str) -> list[str]:
    """The functions of its own cloud that a function calls in some layout."""
    near, apart = (peers_of(name, l1_apart=l1_apart, events=True) for l1_apart in (False, True))
    return list(dict.fromkeys((*near, *apart)))


def _stores(spec: FunctionSpec) -> Iterator[str]:
    yield from spec.stores
    if spec.target:
        yield f"{spec.target} if on the same cloud"
    if spec.optional_store:
        yield f"{spec.optional_store} if on the same cloud, listed only"


def _variables(spec: FunctionSpec) -> Iterator[tuple[str, set[str]]]:
    """Each cloud with the variables that the function has there in some layout."""
    for cloud in names():
        found: set[str] = set()
        for remote in (False, True):
            found |= set(
                variables_for(
                    spec.name,
                    cloud=provider(cloud).variables,
                    remote=remote,
                    archive_here=not remote,
                    peers=_called_by(spec.name),
                    has_address=spec.role == "reader",
                )
            )
        yield cloud, found


def _permissions(function: str) -> Iterator[str]:
    by_place = {text: _rows(function, place) for text, place in PLACES.items()}
    same = len(set(map(tuple, by_place.values()))) == 1
    yield "| on AWS its role may | on |" + ("" if same else " if |")
    yield "|---|---|" + ("" if same else "---|")
    for row in dict.fromkeys(row for rows in by_place.values() for row in rows):
        where = [text for text, rows in by_place.items() if row in rows]
        yield row + ("" if same else f" {where[0] if len(where) == 1 else ''} |")
    yield ""


def _rows(function: str, place: Placement) -> list[str]:
    context = Context(AwsSession(REGION, ACCOUNT, None, None), AwsNames(TWIN, ACCOUNT, REGION))
    called = ("CALLED",) if _called_by(function) or function == NAMED_BY_EVENTS else ()
    answers = function == "feedback-receiver" or (function == NAMED_BY_EVENTS and not place.remote)
    given = replace(place, called=called, feedback=feedback_filter(TWIN) if answers else "")
    found: list[dict[str, Any]] = function_policy(function, context, given)["Statement"]
    return [f"| {_actions(one)} | {_joined(map(_resource, _listed(one['Resource'])))} |" for one in found]


def _actions(statement: dict[str, Any]) -> str:
    return f"{'never ' if statement['Effect'] == 'Deny' else ''}{_joined(statement['Action'])}"


def _listed(value: str | list[str]) -> list[str]:
    return value if isinstance(value, list) else [value]


def _resource(arn: str) -> str:
    """The resource without what all have in common: the last part of an ARN."""
    return arn.split(":", 5)[-1]


def _joined(names: Iterable[str]) -> str:
    return ", ".join(f"`{name}`" for name in names)


def main() -> int:
    """Write the page."""
    PAGE.write_text(page(), "utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
