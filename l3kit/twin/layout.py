"""The clouds of a twin's tiers, and what follows from them: which functions run where, and the links between them."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, field

from l3kit.errors import ConfigurationError
from l3kit.providers import is_known, names, provider
from l3kit.tiering.settings.function_table import FUNCTIONS, variables_for
from l3kit.twin.connections import cold_to_archive_id, hot_to_cold_id

TIERS = ("hot", "cold", "archive")
MOVERS = tuple(name for name, spec in FUNCTIONS.items() if spec.role == "mover")
RECEIVERS = ("archive-writer", "cold-writer")
ORDER = (*RECEIVERS, *MOVERS, "hot-reader", "hot-reader-last-entry")
"""Receivers before senders, so that every url exists before the function that posts to it."""


@dataclass(frozen=True, slots=True)
class Link:
    """The connection between two tiers on different clouds: a mover posts to a writer.

    Attributes:
        id: of its entry in config_inter_cloud.json, e.g. `aws_l3hot_to_azure_l3cold`.
        sender: the mover.
        source: the sender's cloud.
        receiver: the writer.
        target: the receiver's cloud.
    """

    id: str
    sender: str
    source: str
    receiver: str
    target: str


@dataclass(frozen=True, slots=True)
class Layout:
    """The clouds of the three tiers.

    Attributes:
        links: between tiers on different clouds, in the order in which data passes them.
    """

    hot: str
    cold: str
    archive: str
    links: tuple[Link, ...] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        steps = (
            (hot_to_cold_id, "hot-to-cold-mover", self.hot, "cold-writer", self.cold),
            (cold_to_archive_id, "cold-to-archive-mover", self.cold, "archive-writer", self.archive),
        )
        links = tuple(
            Link(id_of(source, target), sender, source, receiver, target)
            for id_of, sender, source, receiver, target in steps
            if source != target
        )
        object.__setattr__(self, "links", links)

    def __str__(self) -> str:
        return f"{self.hot}-{self.cold}-{self.archive}"

    @classmethod
    def parse(cls, text: str) -> Layout:
        """The layout written so, such as `aws-azure-gcp`. Raises: ConfigurationError listing what is allowed."""
        parts = text.split("-")
        if len(parts) != len(TIERS) or not all(map(is_known, parts)):
            allowed = f"Allowed: HOT-COLD-ARCHIVE, each one of {', '.join(names())}"
            raise ConfigurationError("layout", f"{text!r} is not allowed", allowed)
        return cls(*parts)

    def tier(self, name: str) -> str:
        """The cloud of `hot`, `cold` or `archive`."""
        return {"hot": self.hot, "cold": self.cold, "archive": self.archive}[name]

    @property
    def clouds(self) -> tuple[str, ...]:
        """The clouds of the tiers, each once, the hot tier's first."""
        return tuple(dict.fromkeys((self.hot, self.cold, self.archive)))

    def clouds_among(self, chosen: Collection[str] | None) -> tuple[str, ...]:
        """The clouds of the tiers that are among these; None or empty chooses all."""
        return tuple(cloud for cloud in self.clouds if not chosen or cloud in chosen)

    def tiers_on(self, cloud: str) -> tuple[str, ...]:
        """The tiers that this cloud keeps."""
        return tuple(tier for tier in TIERS if self.tier(tier) == cloud)

    # --- functions --------------------------------------------------------------------------------------------

    def host_of(self, function: str) -> str | None:
        """The cloud that runs this function; None where the layout does not call for it."""
        if function in RECEIVERS:
            link = self.link_to(function)
            return link.target if link else None
        return self.tier(FUNCTIONS[function].tier)

    def functions_on(self, cloud: str) -> tuple[str, ...]:
        """The functions that the layout calls for on this cloud, receivers first."""
        return tuple(name for name in ORDER if self.host_of(name) == cloud)

    def movers_on(self, cloud: str) -> tuple[str, ...]:
        """The movers that run on this cloud, the hot tier's first."""
        return tuple(name for name in MOVERS if self.host_of(name) == cloud)

    def variables_of(self, function: str, cloud: str) -> Sequence[str]:
        """Names of the variables that this function needs on this cloud, which a former layout may have put it on."""
        remote = self.link_from(function) is not None
        variables = provider(cloud).variables
        return variables_for(function, cloud=variables, remote=remote, archive_here=self.archive == cloud)

    # --- links ------------------------------------------------------------------------------------------------

    def link(self, link_id: str) -> Link:
        """The link of this id. Raises: KeyError if the layout has none."""
        return {link.id: link for link in self.links}[link_id]

    def link_to(self, receiver: str) -> Link | None:
        """The link that ends at this writer; None where none does."""
        return next((link for link in self.links if link.receiver == receiver), None)

    def link_from(self, sender: str) -> Link | None:
        """The link that begins at this mover; None where the next tier is on the same cloud."""
        return next((link for link in self.links if link.sender == sender), None)
