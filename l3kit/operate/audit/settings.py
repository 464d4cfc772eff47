"""Options of an audit, as given and as checked, and its sample."""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass
from pathlib import Path
from typing import TypedDict

from l3kit.errors import ConfigurationError
from l3kit.given_values import check_known

_PERCENT = re.compile(r"(\d{1,3}(?:\.\d+)?) ?%")
_SEED = re.compile(r"[A-Za-z0-9._-]{1,64}")


class AuditOptions(TypedDict, total=False):
    """Options of an audit; docs/how-to/audit.md describes them.

    Attributes:
        sample: the share of the objects to check: `"1%"`, or 0.01; by default all.
        seed: selects the sample; by default another one each time.
        device: only this one.
        restore: request a restore of the archived objects that cannot be read, for a later audit.
        out: folder of the progress and of the list of faults; by default next to the twin or its sandbox.
        restart: start over although an interrupted audit could be continued.
    """

    sample: str | float | None
    seed: str | None
    device: str | None
    restore: bool
    out: str | Path | None
    restart: bool


@dataclass(frozen=True, slots=True)
class Settings:
    """Checked options. `sample`: more than 0, 1 is all. `seed`, `device`: empty if not given."""

    sample: float = 1.0
    seed: str = ""
    device: str = ""
    restore: bool = False
    out: Path | None = None
    restart: bool = False


def checked(options: AuditOptions) -> Settings:
    """Check the options. Raises: ConfigurationError naming the option."""
    check_known("audit", options, AuditOptions.__annotations__)
    seed = options.get("seed") or ""
    if seed and not _SEED.fullmatch(seed):
        remedy = "Give up to 64 letters, digits, periods, hyphens and underscores"
        raise ConfigurationError("--seed", f"{seed[:70]!r} is not a seed", remedy)
    out = options.get("out")
    return Settings(
        sample_of(options.get("sample")),
        seed,
        options.get("device") or "",
        bool(options.get("restore")),
        None if out is None else Path(out),
        bool(options.get("restart")),
    )


def sample_of(given: str | float | None) -> float:
    """Parse a share of the objects: more than 0, and 1 for all. Raises: ConfigurationError."""
    if given is None:
        return 1.0
    part = -1.0
    if isinstance(given, str):
        if found := _PERCENT.fullmatch(given.strip()):
            part = float(found[1]) / 100
    elif not isinstance(given, bool):
        part = float(given)
    if not 0 < part <= 1:
        raise ConfigurationError(
            "--sample", f"{given!r} is not a share of the objects", "Give more than 0% and up to 100%: 1%"
        )
    return part


@dataclass(frozen=True, slots=True)
class Sample:
    """The objects to check, chosen by a hash of seed and key: the same ones each time.

    A larger share with the same seed has all objects of a smaller one.
    """

    part: float
    seed: str

    def takes(self, key: str) -> bool:
        if self.part >= 1:
            return True
        digest = hashlib.sha256(f"{self.seed}/{key}".encode("utf-8", "surrogatepass")).digest()
        return int.from_bytes(digest[:8], "big") < self.part * 2**64
