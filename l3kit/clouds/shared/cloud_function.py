"""A function as a resource of a plan, behind the function host of its cloud."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

from l3kit.clouds.ports.function_host import Definition, Deployed, FunctionHost
from l3kit.clouds.ports.resources import Finding
from l3kit.errors import MissingConnectionError


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
            return Finding(False)
        if there.definition.owner != self.twin_name:
            return Finding(True, owned=False)
        pending_changes = tuple(self.pending_changes())
        try:
            return Finding(True, True, (*self._differences(there), *pending_changes))
        except MissingConnectionError as missing:  # an earlier step replaces the link, or has removed it
            return Finding(True, True, pending_changes or (missing.cause,))

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

    def _differences(self, there: Deployed) -> list[str]:
        built = self.build()
        wanted, had = self._definition(built), there.definition
        found = [] if there.code_sha256 == hashlib.sha256(built.code).hexdigest() else ["its code differs"]
        found += definition_differences(had, wanted)
        found += variable_differences(had.settings, wanted.settings)
        return found if there.state == "active" else [*found, there.state]


def definition_differences(there: Definition, wanted: Definition) -> list[str]:
    """Return in words what differs, apart from the variables."""
    found = []
    if there.python != wanted.python:
        found.append(f"its Python is {there.python}, not {wanted.python}")
    if there.memory_mb != wanted.memory_mb:
        found.append(f"its memory is {there.memory_mb} MB, not {wanted.memory_mb} MB")
    if there.timeout != wanted.timeout:
        found.append(f"its timeout is {there.timeout} s, not {wanted.timeout} s")
    if there.identity != wanted.identity:
        default = "the cloud's default"
        found.append(f"it runs as {there.identity or default}, not {wanted.identity or default}")
    if there.public != wanted.public:
        found.append(f"it is {'public' if there.public else 'not public'}")
    if set(there.callers) != set(wanted.callers):
        nobody = "no function"
        found.append(f"{_listed(there.callers) or nobody} may call it, not {_listed(wanted.callers) or nobody}")
    if [dict(job) for job in there.schedules] != [dict(job) for job in wanted.schedules]:
        found.append("its schedule differs")
    return found


def _listed(names: Sequence[str]) -> str:
    return " and ".join(sorted(names))


def variable_differences(there: Mapping[str, str], wanted: Mapping[str, str]) -> list[str]:
    """Return the names of variables that differ; never a value, since one of them may be a token."""
    found = []
    for name in sorted(wanted.keys() | there.keys()):
        if name not in there:
            found.append(f"variable {name} is missing")
        elif name not in wanted:
            found.append(f"variable {name} is unexpected")
        elif there[name] != wanted[name]:
            found.append(f"variable {name} differs")
    return found
