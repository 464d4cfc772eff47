"""Choices for a new project, given by flags or answers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

TWIN_FOLDER = "twin"
DEPLOY_PARAMS = "params/deploy_l3.{target}.yaml"
"""Parameter file that a command reads in the project if no twin is given."""
LAYERS = ("layer_1", "layer_2", "layer_3_hot", "layer_3_cold", "layer_3_archive")
TIERS = LAYERS[2:]


@dataclass(frozen=True, slots=True)
class Choices:
    """The properties of the new twin.

    Attributes:
        name: `digital_twin_name`; the name of its sandbox, too.
        clouds: clouds of hot, cold and archive.
        messages_from, processed_on: clouds of layers 1 and 2.
        hot_days, cold_days: as in config.json.
        devices: ids.
        message_chain: whether devices publish messages; otherwise layers 1 and 2 are not deployed.
        quantity: member of the items that query_tiers plots.
        settings: further keys of config.json.
        examples: add the notebooks about l3kit's example twins.
    """

    name: str
    clouds: tuple[str, str, str]
    messages_from: str
    processed_on: str
    hot_days: int
    cold_days: int
    devices: Sequence[str]
    message_chain: bool = True
    quantity: str = "value"
    settings: Mapping[str, Any] = field(default_factory=dict)
    examples: bool = False

    @property
    def providers(self) -> dict[str, str]:
        """The cloud of each layer, as in config_providers.json."""
        clouds = (self.messages_from, self.processed_on, *self.clouds)
        return {f"{layer}_provider": cloud for layer, cloud in zip(LAYERS, clouds, strict=True)}

    @property
    def used(self) -> list[str]:
        """The clouds on which something is deployed."""
        chain = (self.messages_from, self.processed_on) if self.message_chain else ()
        return list(dict.fromkeys((*self.clouds, *chain)))
