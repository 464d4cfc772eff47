"""The clouds of a twin's layers, and the resulting places of functions and links between them."""

from __future__ import annotations

import re
from collections.abc import Collection, Sequence
from dataclasses import dataclass, field

from l3kit.errors import ConfigurationError
from l3kit.providers import is_known, names, provider
from l3kit.tiering.settings.function_table import EXPIRER, FUNCTIONS, peers_of, variables_for
from l3kit.twin.connections import (
    cold_to_archive_id,
    hot_to_cold_id,
    l1_to_l2_id,
    l2_to_hot_id,
    l2_to_l1_id,
    reader_id,
)

TIERS = ("hot", "cold", "archive")
STORED = (*TIERS, "letters")
"""Kinds of stores on a cloud: the tiers, and the dead letters of the message chain."""
MOVERS = tuple(name for name, spec in FUNCTIONS.items() if spec.role == "mover")
SCHEDULED = (*MOVERS, EXPIRER)
"""The functions that a schedule starts."""
READERS = tuple(name for name, spec in FUNCTIONS.items() if spec.role == "reader")
RECEIVERS = ("archive-writer", "cold-writer", "writer", "feedback-receiver", "ingestion")
CHAIN = ("writer", "event-checker", "persister", "default-processor", "ingestion", "connector", "dispatcher")
"""The functions that a message passes, last to first."""
SOURCE = CHAIN[-1]
"""The function to which devices' messages are delivered."""
ORDER = ("archive-writer", "cold-writer", "feedback-receiver", *SCHEDULED, *CHAIN, *READERS)
"""Receivers before senders and the called before the caller, so that every address exists before it is needed."""
_ENTRANCE_ID = re.compile(
    r"[a-z]+_(?:l1|l2|l3hot|l3cold)_to_([a-z]+)_(?:l2|l3hot|l3cold|l3archive)|[a-z]+_l2_to_([a-z]+)_l1"
    rf"|([a-z]+)_l3hot_(?:{'|'.join(READERS)})"
)


@dataclass(frozen=True, slots=True)
class Entrance:
    """A function that takes HTTP requests from anybody with its token.

    Attributes:
        id: id of its entry in config_inter_cloud.json, e.g. `aws_l3hot_hot-reader`.
        receiver: the function: a reader, or the receiving end of a link.
        target: the receiver's cloud.
    """

    id: str
    receiver: str
    target: str

    @property
    def role(self) -> str:
        """The receiver's role: `writer` or `reader`."""
        return FUNCTIONS[self.receiver].role

    @property
    def clouds(self) -> tuple[str, ...]:
        """The clouds of its functions."""
        return (self.target,)


@dataclass(frozen=True, slots=True)
class Link(Entrance):
    """The connection between two layers on different clouds: a sender of the twin posts to the entrance.

    Attributes:
        sender: the function that posts: a mover, the connector, the persister or the event-checker.
        source: the sender's cloud.
    """

    sender: str
    source: str

    @property
    def clouds(self) -> tuple[str, ...]:
        return self.source, self.target


def receiving_cloud(entrance_id: str) -> str:
    """The cloud of an entrance of any layout, by its id; empty for other ids."""
    found = _ENTRANCE_ID.fullmatch(entrance_id)
    return next(filter(None, found.groups())) if found else ""


@dataclass(frozen=True, slots=True)
class Layout:
    """The clouds of the three tiers, and of layers 1 and 2 before them.

    Attributes:
        l1: receives devices' messages; empty if the twin has no message chain.
        l2: processes them; empty if the twin has no message chain.
        events: whether they are checked for events.
        feedback: whether an event sends a message to a device.
        reader_urls: whether the readers have addresses.
        expires: whether data are deleted from the archive when they are old enough.
        links: the links between layers on different clouds, in the order in which data pass them.
        entrances: all entrances: the links, then the readers with addresses.
    """

    hot: str
    cold: str
    archive: str
    l1: str = field(default="", kw_only=True)
    l2: str = field(default="", kw_only=True)
    events: bool = field(default=False, kw_only=True)
    feedback: bool = field(default=False, kw_only=True)
    reader_urls: bool = field(default=False, kw_only=True)
    expires: bool = field(default=False, kw_only=True)
    links: tuple[Link, ...] = field(init=False, repr=False, compare=False)
    entrances: tuple[Entrance, ...] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        steps = (
            (l1_to_l2_id, "connector", self.l1, "ingestion", self.l2),
            (l2_to_hot_id, "persister", self.l2, "writer", self.hot),
            (l2_to_l1_id, "event-checker", self.l2 if self.feedback else "", "feedback-receiver", self.l1),
            (hot_to_cold_id, "hot-to-cold-mover", self.hot, "cold-writer", self.cold),
            (cold_to_archive_id, "cold-to-archive-mover", self.cold, "archive-writer", self.archive),
        )
        links = tuple(
            Link(id_of(source, target), receiver, target, sender, source)
            for id_of, sender, source, receiver, target in steps
            if source and source != target
        )
        readers = (Entrance(reader_id(self.hot, reader), reader, self.hot) for reader in READERS if self.reader_urls)
        object.__setattr__(self, "links", links)
        object.__setattr__(self, "entrances", (*links, *readers))

    def __str__(self) -> str:
        return f"{self.hot}-{self.cold}-{self.archive}"

    @classmethod
    def parse(cls, text: str) -> Layout:
        """Parse a layout such as `aws-azure-gcp`. Raises: ConfigurationError listing what is allowed."""
        parts = text.split("-")
        if len(parts) != len(TIERS) or not all(map(is_known, parts)):
            allowed = f"Allowed: HOT-COLD-ARCHIVE, each one of {', '.join(names())}"
            raise ConfigurationError("layout", f"{text!r} is not allowed", allowed)
        return cls(*parts)

    def tier(self, name: str) -> str:
        """The cloud of `hot`, `cold` or `archive`."""
        return {"hot": self.hot, "cold": self.cold, "archive": self.archive}[name]

    def layer(self, name: str) -> str:
        """The cloud of `l1`, `l2` or a tier; empty for a layer that the twin does not deploy."""
        return {"l1": self.l1, "l2": self.l2}[name] if name in ("l1", "l2") else self.tier(name)

    def has_letters_on(self, cloud: str) -> bool:
        """Return whether this cloud runs a function of the message chain, and so keeps dead letters."""
        return any(self.host_of(function) == cloud for function in CHAIN)

    @property
    def clouds(self) -> tuple[str, ...]:
        """The clouds of all layers, each once, the hot tier's first."""
        return tuple(cloud for cloud in dict.fromkeys((self.hot, self.cold, self.archive, self.l1, self.l2)) if cloud)

    def clouds_among(self, chosen: Collection[str] | None) -> tuple[str, ...]:
        """The clouds of the layers that are among these; None or empty chooses all."""
        return tuple(cloud for cloud in self.clouds if not chosen or cloud in chosen)

    def tiers_on(self, cloud: str) -> tuple[str, ...]:
        """The tiers that this cloud keeps."""
        return tuple(tier for tier in TIERS if self.tier(tier) == cloud)

    def stored_on(self, cloud: str) -> tuple[str, ...]:
        """Return the members of STORED that this cloud keeps."""
        return (*self.tiers_on(cloud), *(("letters",) if self.has_letters_on(cloud) else ()))

    # --- functions --------------------------------------------------------------------------------------------

    def host_of(self, function: str) -> str | None:
        """The cloud that runs this function; None if the layout does not need it."""
        if function in RECEIVERS:
            link = self.link_to(function)
            return link.target if link else None
        if function == "connector" and not self.link_from(function):
            return None
        if function == "event-checker" and not self.events:
            return None
        if function == EXPIRER and not self.expires:
            return None
        return self.layer(FUNCTIONS[function].tier) or None

    def peers_of(self, function: str) -> tuple[str, ...]:
        """The functions on the same cloud that this one calls."""
        return peers_of(function, l1_apart=self.l1 != self.l2, events=self.events)

    def functions_on(self, cloud: str) -> tuple[str, ...]:
        """The functions that the layout needs on this cloud, receivers first."""
        return tuple(name for name in ORDER if self.host_of(name) == cloud)

    def scheduled_on(self, cloud: str) -> tuple[str, ...]:
        """The functions on this cloud that a schedule starts, the hot tier's first."""
        return tuple(name for name in SCHEDULED if self.host_of(name) == cloud)

    def movers_on(self, cloud: str) -> tuple[str, ...]:
        return tuple(name for name in MOVERS if self.host_of(name) == cloud)

    def variables_of(self, function: str, cloud: str) -> Sequence[str]:
        """Names of this function's variables on this cloud, where a former layout may have put it."""
        remote = self.link_from(function) is not None
        variables = provider(cloud).variables
        return variables_for(
            function,
            cloud=variables,
            remote=remote,
            archive_here=self.archive == cloud,
            peers=self.peers_of(function),
            has_address=self.entrance_of(function) is not None,
        )

    # --- entrances and links ----------------------------------------------------------------------------------

    def entrance(self, entrance_id: str) -> Entrance:
        """The entrance of this id. Raises: KeyError if the layout has none."""
        return {entrance.id: entrance for entrance in self.entrances}[entrance_id]

    def entrance_of(self, function: str) -> Entrance | None:
        """Return the entrance of this function; None if it takes no requests."""
        return next((entrance for entrance in self.entrances if entrance.receiver == function), None)

    def link_to(self, receiver: str) -> Link | None:
        """The link that ends at this receiver; None if there is none."""
        return next((link for link in self.links if link.receiver == receiver), None)

    def link_from(self, sender: str) -> Link | None:
        """The link that begins at this sender; None if the next layer is on the same cloud."""
        return next((link for link in self.links if link.sender == sender), None)
