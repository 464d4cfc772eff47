"""The dispatcher: takes devices' messages from the source of layer 1 and passes them on to layer 2 as items."""

from __future__ import annotations

from collections.abc import Sequence

from l3kit.tiering.stream.batches import Counts
from l3kit.tiering.stream.ports import Delivery
from l3kit.tiering.stream.relay import Relay


class Dispatcher(Relay):
    """Passes items on to the processor, or to the connector if layer 2 is on another cloud."""

    async def dispatch(self, deliveries: Sequence[Delivery]) -> Counts:
        """Handle the messages of a source. Raises: CallError, StoreError, so that it delivers all of them again."""
        return await self._hand_on(self._screening().deliveries(deliveries))
