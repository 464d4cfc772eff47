"""A function of Azure or Google Cloud as a resource of a plan."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

from l3kit.clouds.ports.function_host import Definition, Deployed, FunctionHost
from l3kit.clouds.ports.resources import Finding
from l3kit.errors import MissingConnectionError

OWNER_LABEL = "l3kit-twin"
"""As `naming.TAG_TWIN`, in the characters that labels have."""


@dataclass(frozen=True, slots=True)
class BuiltFunction:
    """Code and settings at this moment; the settings hold a token, so they show in no repr."""

    code: bytes = field(repr=False)
    settings: Mapping[str, str] = field(repr=False)


@dataclass(frozen=True)
class CloudFunction:
    """One function.

    Attributes:
        build: packs the code and gathers the settings; called when needed, since a receiver's token may be made by an
            earlier step.
        coming: what an earlier step of the same plan will change here, in words.
        schedules: as in `Definition`.
    """

    host: FunctionHost = field(repr=False, compare=False)
    name: str
    twin_name: str
    python: str
    timeout: int
    public: bool
    build: Callable[[], BuiltFunction] = field(repr=False, compare=False)
    coming: Callable[[], tuple[str, ...]] = field(default=tuple, repr=False, compare=False)
    schedules: Sequence[Mapping[str, str]] = ()
    kind: str = "function"
    holds_data: bool = False

    def compare(self) -> Finding:
        """See `Resource.compare`."""
        there = self.host.get(self.name)
        if there is None:
            return Finding(False)
        if there.definition.labels.get(OWNER_LABEL) != self.twin_name:
            return Finding(True, owned=False)
        coming = tuple(self.coming())
        try:
            return Finding(True, True, (*self._differences(there), *coming))
        except MissingConnectionError as missing:  # an earlier step makes the link anew, or has removed it
            return Finding(True, True, coming or (missing.cause,))

    def create(self) -> None:
        """See `Resource.create`."""
        self.update()

    def update(self) -> None:
        """See `Resource.update`."""
        built = self.build()
        self.host.put(self.name, self._definition(built), built.code)

    def delete(self) -> None:
        """See `Resource.delete`."""
        self.host.delete(self.name)

    def _definition(self, built: BuiltFunction) -> Definition:
        labels = {OWNER_LABEL: self.twin_name, "l3kit-managed": "true"}
        return Definition(self.python, built.settings, labels, self.timeout, self.public, tuple(self.schedules))

    def _differences(self, there: Deployed) -> list[str]:
        built = self.build()
        wanted, had = self._definition(built), there.definition
        found = [] if there.code_sha256 == hashlib.sha256(built.code).hexdigest() else ["its code differs"]
        for name in ("python", "timeout", "public"):
            if getattr(had, name) != getattr(wanted, name):
                found.append(f"{name} is {getattr(had, name)}, not {getattr(wanted, name)}")
        if [dict(job) for job in had.schedules] != [dict(job) for job in wanted.schedules]:
            found.append("its schedule differs")
        found += variable_differences(had.settings, wanted.settings)
        if there.state != "active":
            found.append(f"is {there.state}")
        return found


def variable_differences(there: Mapping[str, str], wanted: Mapping[str, str]) -> list[str]:
    """Names of variables that differ; never a value, since one of them may be a token."""
    found = []
    for name in sorted(wanted.keys() | there.keys()):
        if name not in there:
            found.append(f"variable {name} is missing")
        elif name not in wanted:
            found.append(f"variable {name} is not wanted")
        elif there[name] != wanted[name]:
            found.append(f"variable {name} differs")
    return found
