"""A function as a resource of a plan, behind the function host of its cloud."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

from l3kit.clouds.ports.changes import Change, Difference, change, differs, hidden_change, list_changes, shown
from l3kit.clouds.ports.function_host import Definition, Deployed, FunctionHost
from l3kit.clouds.ports.resources import Finding
from l3kit.errors import MissingConnectionError
from l3kit.tiering.link_auth import AUTH_VARIABLE, TOKEN_UNTIL_VARIABLE
from l3kit.tiering.receiver_limit import BYTES_VARIABLE, COUNTS_VARIABLE
from l3kit.tiering.settings.function_table import SCHEDULE_VARIABLE, TIMEOUT_VARIABLE
from l3kit.tiering.settings.tuning import TUNING_VARIABLES

OTHER_TIMEOUT = 60
"""Seconds that a writer of chunks or a reader may run."""
OTHER_MEMORY = 512
"""Memory, in MB, of a function that its cloud's `BILLING` does not list, where memory is chosen at all."""
SHOWN_DIGEST = 12
"""Shown characters of a zip's digest."""
_PLAIN = frozenset(
    {
        "DIGITAL_TWIN_INFO",
        *TUNING_VARIABLES,
        *(AUTH_VARIABLE, TOKEN_UNTIL_VARIABLE, BYTES_VARIABLE, COUNTS_VARIABLE, SCHEDULE_VARIABLE, TIMEOUT_VARIABLE),
    }
)
"""Variables that never hold a secret. Addresses are not among them: on some clouds they hold a key."""
_OF_NAMES = "_NAME"
"""Ending of the variables with the name of a store, a function or a hub."""


@dataclass(frozen=True, slots=True)
class BuiltFunction:
    """Current code and settings; the settings contain a token, so no repr shows them."""

    code: bytes = field(repr=False)
    settings: Mapping[str, str] = field(repr=False)


@dataclass(frozen=True)
class CloudFunction:
    """One function.

    Attributes:
        build: packs the code and collects the settings; called when needed, since an earlier step may make a receiver's
            token.
        pending_changes: pending changes to it by an earlier step of the same plan, in words.
        schedules, memory_mb, identity, callers: as in `Definition`.
    """

    host: FunctionHost = field(repr=False, compare=False)
    name: str
    twin_name: str
    python: str
    timeout: int
    public: bool
    build: Callable[[], BuiltFunction] = field(repr=False, compare=False)
    pending_changes: Callable[[], tuple[str, ...]] = field(default=tuple, repr=False, compare=False)
    schedules: Sequence[Mapping[str, str]] = ()
    memory_mb: int = 0
    identity: str = ""
    callers: Sequence[str] = ()
    kind: str = "function"
    holds_data: bool = False

    def compare(self) -> Finding:
        there = self.host.get(self.name)
        if there is None:
            return Finding.missing(self._main_attributes())
        if there.definition.owner != self.twin_name:
            return Finding(True, owned=False)
        pending_changes = [Difference(words) for words in self.pending_changes()]
        try:
            return Finding.of(True, [*self._differences(there), *pending_changes])
        except MissingConnectionError as missing:  # an earlier step replaces the link, or has removed it
            return Finding.of(True, pending_changes or [Difference(missing.cause)])

    def create(self) -> None:
        built = self.build()
        self.host.create(self.name, self._definition(built), built.code)

    def update(self) -> None:
        built = self.build()
        self.host.update(self.name, self._definition(built), built.code)

    def delete(self) -> None:
        self.host.delete(self.name)

    def _definition(self, built: BuiltFunction) -> Definition:
        return Definition(
            self.python,
            built.settings,
            self.twin_name,
            self.timeout,
            self.public,
            tuple(self.schedules),
            self.memory_mb,
            self.identity,
            tuple(self.callers),
        )

    def _main_attributes(self) -> dict[str, object]:
        """Return the attributes known before its code is packed."""
        return {
            "python": self.python,
            "memory": _memory(self.memory_mb),
            "timeout": f"{self.timeout} s",
            "runs as": self.identity,
            "public": self.public or None,
            "callers": _listed(self.callers),
            "schedule": _jobs(self.schedules),
        }

    def _differences(self, there: Deployed) -> list[Difference]:
        built = self.build()
        wanted, had = self._definition(built), there.definition
        digest, size = hashlib.sha256(built.code).hexdigest(), len(built.code)
        found = []
        if there.code_sha256 != digest:
            old, new = f"sha256 {there.code_sha256[:SHOWN_DIGEST]}", f"sha256 {digest[:SHOWN_DIGEST]}, {size:,} bytes"
            found.append(differs("its code differs", "code", old, new))
        found += definition_differences(had, wanted)
        found += variable_differences(had.settings, wanted.settings)
        return found if there.state == "active" else [*found, differs(there.state, "state", there.state, "active")]


def definition_differences(there: Definition, wanted: Definition) -> list[Difference]:
    """Return the differences, apart from the variables."""
    found = []
    if there.python != wanted.python:
        words = f"its Python is {there.python}, not {wanted.python}"
        found.append(differs(words, "python", there.python, wanted.python))
    if there.memory_mb != wanted.memory_mb:
        words = f"its memory is {there.memory_mb} MB, not {wanted.memory_mb} MB"
        found.append(differs(words, "memory", _memory(there.memory_mb), _memory(wanted.memory_mb)))
    if there.timeout != wanted.timeout:
        words = f"its timeout is {there.timeout} s, not {wanted.timeout} s"
        found.append(differs(words, "timeout", f"{there.timeout} s", f"{wanted.timeout} s"))
    if there.identity != wanted.identity:
        default = "the cloud's default"
        words = f"it runs as {there.identity or default}, not {wanted.identity or default}"
        found.append(differs(words, "runs as", there.identity, wanted.identity))
    if there.public != wanted.public:
        words = f"it is {'public' if there.public else 'not public'}"
        found.append(differs(words, "public", there.public, wanted.public))
    if set(there.callers) != set(wanted.callers):
        nobody = "no function"
        words = f"{_listed(there.callers) or nobody} may call it, not {_listed(wanted.callers) or nobody}"
        found.append(Difference(words, list_changes("caller", there.callers, wanted.callers)))
    if [dict(job) for job in there.schedules] != [dict(job) for job in wanted.schedules]:
        found.append(differs("its schedule differs", "schedule", _jobs(there.schedules), _jobs(wanted.schedules)))
    return found


def _memory(megabytes: int) -> str:
    return f"{megabytes} MB" if megabytes else ""


def _jobs(jobs: Sequence[Mapping[str, str]]) -> str:
    return ", ".join(shown(dict(job)) for job in jobs)


def _listed(names: Sequence[str]) -> str:
    return " and ".join(sorted(names))


def variable_differences(there: Mapping[str, str], wanted: Mapping[str, str]) -> list[Difference]:
    """Return the variables that differ; values only of those that never hold a secret."""
    found = []
    for name in sorted(wanted.keys() | there.keys()):
        if there.get(name) == wanted.get(name):
            continue
        fault = "is missing" if name not in there else "is unexpected" if name not in wanted else "differs"
        found.append(Difference(f"variable {name} {fault}", (_variable_change(name, there, wanted),)))
    return found


def _variable_change(name: str, there: Mapping[str, str], wanted: Mapping[str, str]) -> Change:
    attribute = f"variable {name}"
    if name in wanted and (name in _PLAIN or name.endswith(_OF_NAMES)):
        return change(attribute, there.get(name), wanted[name])
    return hidden_change(attribute, was=name in there, will_be=name in wanted)
