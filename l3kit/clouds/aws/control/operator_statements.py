"""Statements of an operator's policy: the permission table's rows in few characters, since IAM limits their number."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from l3kit.clouds.aws.control.grants import Grant, On

WHOLES: Mapping[On, tuple[On, ...]] = {
    "tables": ("hot table", "journal table"),
    "objects": ("cold objects", "archive objects", "letters objects"),
}
"""Kinds of resources that are exactly some others together."""
WITHIN: Mapping[On, On] = {
    **{part: whole for whole, parts in WHOLES.items() for part in parts},
    "cold pauses": "cold objects",
    "archive holds": "archive objects",
}
"""Kinds whose resources are all of another kind too."""
TOGETHER: tuple[tuple[On, ...], ...] = (
    ("tables", "buckets"),
    ("topic rule", "schedule group", "alarms", "alarm topic", "queue of missed starts"),
    ("oneself", "stores' keys", "all log groups", "all alarms"),
    ("all topic rules", "all subscriptions"),
)
"""Kinds that share a statement. It allows nothing more: they are of different services, whose actions know only their
own resources, or are all of `*`."""


@dataclass(frozen=True, slots=True)
class Block:
    """One statement: these actions on all resources of these kinds.

    Attributes:
        passed_to: service to which roles are passed; empty if the actions pass none.
    """

    kinds: tuple[On, ...]
    actions: tuple[str, ...]
    passed_to: str = ""


def blocks_of(grants: Iterable[Grant]) -> list[Block]:
    """Return statements that allow exactly what the rows do, each action once for each resource."""
    asked: dict[tuple[str, str], list[On]] = {}
    for grant in grants:
        for action in grant.actions:
            asked.setdefault((grant.passed_to, action), []).append(grant.on)
    actions: dict[tuple[str, On], set[str]] = {}
    for (passed_to, action), kinds in asked.items():
        for kind in _fewest(kinds):
            actions.setdefault((passed_to, kind), set()).add(action)
    blocks: list[Block] = []
    for (passed_to, kind), its in actions.items():
        _add(blocks, Block((kind,), tuple(sorted(its)), passed_to))
    return blocks


def _fewest(kinds: Iterable[On]) -> list[On]:
    """Return the same resources by the fewest kinds."""
    found = list(dict.fromkeys(kinds))
    found += [whole for whole, parts in WHOLES.items() if whole not in found and set(parts) <= {*found}]
    return [kind for kind in found if not _around(kind) & {*found}]


def _around(kind: On) -> set[On]:
    whole = WITHIN.get(kind)
    return {whole, *_around(whole)} if whole else set()


def _add(blocks: list[Block], new: Block) -> None:
    """Add a statement to the list, or to one of the list that can take it."""
    for at, one in enumerate(blocks):
        if one.passed_to == new.passed_to and (one.actions == new.actions or _share(one, new)):
            blocks[at] = Block((*one.kinds, *new.kinds), tuple(sorted({*one.actions, *new.actions})), one.passed_to)
            return
    blocks.append(new)


def _share(one: Block, other: Block) -> bool:
    return any({*one.kinds, *other.kinds} <= {*group} for group in TOGETHER)
