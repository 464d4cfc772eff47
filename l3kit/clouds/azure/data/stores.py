"""Opens what a function on Azure uses, from its settings."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from l3kit.tiering.ports import HotStore, JournalStore, ObjectStore, Tier
from l3kit.tiering.runtime.openers import Openers
from l3kit.tiering.settings.tuning import Tuning
from l3kit.tiering.stream.ports import Feedback, Peers


def openers(tuning: Tuning, env: Mapping[str, str]) -> Openers:
    """Openers for stores, other functions and IoT Hub; imported on use, to keep cold starts short."""
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

    def peers(urls: Mapping[str, str]) -> Peers:
        from l3kit.clouds.azure.data.peers import open_peers

        return open_peers(urls, agent=agent)

    def feedback(twin: str) -> Feedback:
        from l3kit.clouds.azure.data.feedback import IotHubFeedback, IotHubPlace

        return IotHubFeedback(IotHubPlace.from_env(env), agent=agent)

    return Openers(hot, journal, objects, peers, feedback)


def agent_of(env: Mapping[str, str]) -> str:
    """The user agent of this function's requests: `l3kit-FUNCTION/INSTANCE`, from variables that Azure sets."""
    return f"l3kit-{env.get('WEBSITE_SITE_NAME', 'function')}/{env.get('WEBSITE_INSTANCE_ID', 'local')[:12]}"
