"""The ports: what movers, writers and readers need from a cloud, with the contract of each method.

All methods are coroutines. Adapters retry what is safe to retry (throttling, 5xx, resets, time-outs) inside each
call; an exception raised by a method is final for this run and is one of `l3kit.errors`. Every method may be called
again after a crash or a lost response: the effect of that is part of its contract below.
"""

from l3kit.tiering.ports.hot import Created, Creation, Held, HotStore, Page, Refused, Usage, always
from l3kit.tiering.ports.journal import JournalRow, JournalStore
from l3kit.tiering.ports.objects import Compression, Declared, ObjectInfo, ObjectStore, ObjectVersion, Tier

__all__ = [
    "Compression",
    "Created",
    "Creation",
    "Declared",
    "Held",
    "HotStore",
    "JournalRow",
    "JournalStore",
    "ObjectInfo",
    "ObjectStore",
    "ObjectVersion",
    "Page",
    "Refused",
    "Tier",
    "Usage",
    "always",
]
