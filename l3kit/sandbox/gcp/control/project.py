"""The project that a double serves: its names and clock, and what is random in its answers."""

from __future__ import annotations

import base64
import random
import uuid
import zlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime

from l3kit.sandbox.gcp.control.answers import RefusedError
from l3kit.sandbox.gcp.control.settings import PlaneSettings


@dataclass(slots=True)
class Project:
    """One project.

    Attributes:
        settings: what its owner or its organization changes is another one from then on.
        clock: seconds since 1970.
        random: for ids and etags, which are no secrets.
    """

    id: str
    region: str
    settings: PlaneSettings
    clock: Callable[[], float] = field(repr=False)
    random: random.Random = field(repr=False)

    @property
    def name(self) -> str:
        return f"projects/{self.id}"

    @property
    def number(self) -> str:
        return str(100_000_000_000 + zlib.crc32(self.id.encode()))

    @property
    def default_account(self) -> str:
        """Return the account that functions and builds have unless they name another."""
        return f"{self.number}-compute@developer.gserviceaccount.com"

    def agent(self, service: str) -> str:
        """Return the account as which one of Google's services acts in this project."""
        return f"service-{self.number}@gcp-sa-{service}.iam.gserviceaccount.com"

    def now(self) -> str:
        """Return the time as Google's answers have it."""
        return time_text(self.clock())

    def etag(self) -> str:
        """Return an etag that no state had before."""
        return base64.b64encode(self.random.randbytes(8)).decode()

    def digits(self, count: int = 21) -> str:
        """Return a new numeric id."""
        return str(self.random.randrange(10 ** (count - 1), 10**count))

    def uuid(self) -> str:
        """Return a new id in the form of a UUID."""
        return str(uuid.UUID(int=self.random.getrandbits(128), version=4))

    def own(self, name: str) -> str:
        """Return a resource's name with the project's id where it has the number, or the wildcard for accounts."""
        first, _, rest = name.partition("/")
        given, _, rest = rest.partition("/")
        if first != "projects" or given not in (self.number, "-"):
            return name
        return f"{self.name}/{rest}" if rest else self.name

    def check_quota(self, kind: str, there: int) -> None:
        """Refuse one more of a kind. Raises: RefusedError."""
        limit = self.settings.quotas.get(kind)
        if limit is not None and there >= limit:
            raise RefusedError("RESOURCE_EXHAUSTED", f"Quota exceeded: the project can have {limit} {kind}.")


def time_text(seconds: float) -> str:
    """Return a time in RFC 3339 with microseconds."""
    return datetime.fromtimestamp(seconds, UTC).isoformat(timespec="microseconds").replace("+00:00", "Z")


def given(fields: Mapping[str, object]) -> dict[str, object]:
    """Return the fields that have a value: Google's answers leave out the others."""
    return {name: value for name, value in fields.items() if value not in (None, "", [], {}, False)}
