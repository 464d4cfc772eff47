"""l3kit: moves ageing telemetry down the hot, cold and archive tiers of a digital twin, across clouds.

What a notebook calls is exported here and loaded on first use, so that a function in a cloud, which
imports only `l3kit.tiering` and one cloud adapter, never pays for pandas or an SDK.
"""

from __future__ import annotations

__version__ = "0.1.0"
