"""Opens what a function on Google Cloud uses, from its settings."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from functools import cache
from typing import TYPE_CHECKING

from l3kit.clouds.gcp.data.metadata_server import FUNCTION_VARIABLE
from l3kit.tiering.ports import HotStore, JournalStore, ObjectStore, Tier
from l3kit.tiering.runtime.openers import Openers
from l3kit.tiering.settings.tuning import Tuning
from l3kit.tiering.stream.ports import Peers

if TYPE_CHECKING:
    from google.auth.credentials import Credentials

    from l3kit.clouds.gcp.data.firestore_stores import FirestorePlace


def openers(tuning: Tuning, env: Mapping[str, str]) -> Openers:
    """Openers for stores and other functions; imported on use, to keep cold starts short."""
    timeout = float(tuning.request_timeout_seconds)
    agent = agent_of(env)
    credentials = _credentials(env)

    def hot(name: str) -> HotStore:
        from l3kit.clouds.gcp.data.firestore_stores import open_hot

        place = _firestore(env, agent, credentials)
        return open_hot(name, place, delete_concurrency=tuning.delete_concurrency, timeout=timeout)

    def journal(name: str) -> JournalStore:
        from l3kit.clouds.gcp.data.firestore_stores import open_journal

        return open_journal(name, _firestore(env, agent, credentials), timeout=timeout)

    def objects(name: str, tier: Tier) -> ObjectStore:
        from l3kit.clouds.gcp.data.object_stores import GcsPlace, open_objects

        place = replace(GcsPlace.from_env(env), agent=agent, credentials=credentials)
        return open_objects(name, tier, place, timeout=timeout)

    def peers(urls: Mapping[str, str]) -> Peers:
        from l3kit.clouds.gcp.data.peers import open_peers

        return open_peers(urls, env, agent=agent)

    return Openers(hot, journal, objects, peers)


def _credentials(env: Mapping[str, str]) -> Callable[[], Credentials] | None:
    """Return those of the function, shared by all its stores; None outside of one, since emulators ask for none."""
    if FUNCTION_VARIABLE not in env:
        return None

    @cache
    def found() -> Credentials:
        from l3kit.clouds.gcp.data.credentials import default_credentials

        return default_credentials(env)

    return found


def _firestore(env: Mapping[str, str], agent: str, credentials: Callable[[], Credentials] | None) -> FirestorePlace:
    """Read the settings that `load_settings` has validated, and FIRESTORE_EMULATOR_HOST, which a sandbox sets."""
    from l3kit.clouds.gcp.data.firestore_stores import FirestorePlace

    endpoint = env.get("FIRESTORE_EMULATOR_HOST") or None
    return FirestorePlace(
        env["GOOGLE_CLOUD_PROJECT"], env["FIRESTORE_DATABASE"], endpoint, agent, credentials=credentials
    )


def agent_of(env: Mapping[str, str]) -> str:
    """The user agent of this function's requests: `l3kit-FUNCTION/REVISION`, from variables that Cloud Run sets."""
    return f"l3kit-{env.get('K_SERVICE', 'function')}/{env.get('K_REVISION', 'local')}"
