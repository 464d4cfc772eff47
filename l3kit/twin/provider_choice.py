"""`config_providers.json`: the cloud of each layer."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from pydantic import ValidationInfo, field_validator

from l3kit.providers import ALIASES, is_known, names
from l3kit.tiering.stream.events import Event
from l3kit.twin.config_files import StrictModel
from l3kit.twin.event_checks import needs_feedback
from l3kit.twin.layout import Layout


class Providers(StrictModel):
    """`config_providers.json`: the cloud of each layer. `google` is an alias of `gcp`."""

    layer_1_provider: str
    layer_2_provider: str
    layer_3_hot_provider: str
    layer_3_cold_provider: str
    layer_3_archive_provider: str
    layer_4_provider: str | None = None
    layer_5_provider: str | None = None

    @field_validator("*", mode="before")
    @classmethod
    def _known(cls, value: Any, field: ValidationInfo) -> Any:
        value = ALIASES.get(value, value) if isinstance(value, str) else value
        optional = field.field_name is not None and not cls.model_fields[field.field_name].is_required()
        if not (value is None and optional) and not (isinstance(value, str) and is_known(value)):
            aliases = ", ".join(f"{alias} stands for {name}" for alias, name in ALIASES.items())
            raise ValueError(f"is not allowed; allowed are {', '.join(names())} ({aliases})")
        return value

    def layout(
        self,
        *,
        message_chain: bool = True,
        events: Sequence[Event] = (),
        reader_urls: bool = False,
        expires: bool = False,
    ) -> Layout:
        """Return the clouds of the layers.

        Args:
            message_chain: whether layers 1 and 2 are deployed.
            events: the events of the twin.
            reader_urls: whether the readers have addresses.
            expires: whether data are deleted from the archive when they are old enough.
        """
        tiers = (self.layer_3_hot_provider, self.layer_3_cold_provider, self.layer_3_archive_provider)
        if not message_chain:
            return Layout(*tiers, reader_urls=reader_urls, expires=expires)
        l1, l2 = self.layer_1_provider, self.layer_2_provider
        feedback = needs_feedback(events)
        return Layout(
            *tiers,
            l1=l1,
            l2=l2,
            events=bool(events),
            feedback=feedback,
            reader_urls=reader_urls,
            expires=expires,
        )
