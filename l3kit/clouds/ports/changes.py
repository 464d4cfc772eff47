"""Changes of a resource: attributes with their old and new values, without secrets."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

SECRET = "(secret)"
MOST = 200
"""Maximum characters of a value that is shown whole."""
BEGINNING = 100
"""Characters shown of a longer one, with its length and digest."""


@dataclass(frozen=True, slots=True)
class Change:
    """One attribute of a resource.

    Attributes:
        attribute: such as `memory`; the whole change in words where it has no values.
        old: the present value; empty if there is none.
        new: the value that apply sets; empty if there is none.
    """

    attribute: str
    old: str = ""
    new: str = ""

    @property
    def mark(self) -> str:
        """`+` for an addition, `-` for a removal, `~` for a change."""
        return "~" if bool(self.old) == bool(self.new) else "+" if self.new else "-"

    def __str__(self) -> str:
        """Such as `~ memory  256 MB -> 512 MB`."""
        values = " -> ".join(filter(None, (self.old, self.new)))
        return f"{self.mark} {self.attribute}{f'  {values}' if values else ''}"


@dataclass(frozen=True, slots=True)
class Difference:
    """One difference of a resource from its desired state.

    Attributes:
        words: without secrets.
        changes: changes of its attributes; empty if they have no values.
    """

    words: str
    changes: tuple[Change, ...] = ()

    @property
    def all_changes(self) -> tuple[Change, ...]:
        """The changes, or else the words as one."""
        return self.changes or (Change(self.words),)


def change(attribute: str, old: object, new: object) -> Change:
    """Return the change of an attribute whose values are no secrets; None and empty values are no value."""
    return Change(attribute, shown(old), shown(new))


def hidden_change(attribute: str, *, was: bool, will_be: bool) -> Change:
    """Return the change of a secret, which shows only its presence."""
    return Change(attribute, SECRET if was else "", SECRET if will_be else "")


def differs(words: str, attribute: str, old: object, new: object) -> Difference:
    """Return a difference of one attribute."""
    return Difference(words, (change(attribute, old, new),))


def attributes(values: Mapping[str, object]) -> tuple[Change, ...]:
    """Return the main attributes of a resource to be created, without those that have no value."""
    return tuple(made for made in (change(name, None, value) for name, value in values.items()) if made.new)


def list_changes(attribute: str, old: Iterable[str], new: Iterable[str]) -> tuple[Change, ...]:
    """Return the additions and removals of an attribute with several values, each as a change of its own."""
    had, wanted = set(old), set(new)
    gone = tuple(change(attribute, value, None) for value in sorted(had - wanted))
    return gone + tuple(change(attribute, None, value) for value in sorted(wanted - had))


def shown(value: object) -> str:
    """Return a value as one short line: `on` and `off` for truth values, JSON for objects and lists."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "on" if value else "off"
    if isinstance(value, dict | list | tuple):
        value = json.dumps(value, ensure_ascii=False, separators=(",", ":"), sort_keys=True, default=str)
    text = " ".join(str(value).split())
    if len(text) <= MOST:
        return text
    digest = hashlib.sha256(str(value).encode("utf-8", "surrogatepass")).hexdigest()[:12]
    return f"{text[:BEGINNING]}... ({len(text):,} characters, sha256 {digest})"
