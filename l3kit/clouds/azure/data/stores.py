"""Opens Azure's stores inside a function, from its settings."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from l3kit.tiering.ports import HotStore, JournalStore, ObjectStore, Tier
from l3kit.tiering.runtime.functions import Openers
from l3kit.tiering.settings.tuning import Tuning


def openers(tuning: Tuning, env: Mapping[str, str]) -> Openers:
    """Openers for Cosmos DB and Blob Storage; each SDK is imported on use, to keep cold starts short."""
    timeout = float(tuning.request_timeout_seconds)
    agent = agent_of(env)

    def hot(name: str) -> HotStore:
        from l3kit.clouds.azure.data.cosmos_stores import CosmosPlace, open_hot

        place = replace(CosmosPlace.from_env(env), agent=agent)
        return open_hot(name, place, delete_concurrency=tuning.delete_concurrency, timeout=timeout)

    def journal(name: str) -> JournalStore:
        from l3kit.clouds.azure.data.cosmos_stores import CosmosPlace, open_journal

        return open_journal(name, replace(CosmosPlace.from_env(env), agent=agent), timeout=timeout)

    def objects(name: str, tier: Tier) -> ObjectStore:
        from l3kit.clouds.azure.data.object_stores import BlobPlace, open_objects

        return open_objects(name, tier, replace(BlobPlace.from_env(env), agent=agent), timeout=timeout)

    return Openers(hot, journal, objects)


def agent_of(env: Mapping[str, str]) -> str:
    """The user agent of this function's requests: `l3kit-FUNCTION/INSTANCE`, from variables that Azure sets."""
    return f"l3kit-{env.get('WEBSITE_SITE_NAME', 'function')}/{env.get('WEBSITE_INSTANCE_ID', 'local')[:12]}"
