"""The files of a new twin: its configuration, and a page that explains each key."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from l3kit.new_project.choices import TWIN_FOLDER, Choices
from l3kit.providers import names
from l3kit.twin.config import CONFIG, PROVIDER_FILE
from l3kit.twin.devices import DEVICES

_MEANINGS = {
    "digital_twin_name": "part of every resource's name; a twin that is deployed keeps it",
    "hot_storage_size_in_days": "how long items stay in the hot tier, the database",
    "cold_storage_size_in_days": "age at which chunks move from the cold tier to the archive",
    "mode": "for other layers; l3kit does not read it",
    "mover_schedule": "when both movers run, UTC: `rate(12 hours)`, `cron(0 3 * * ? *)`",
    "time_digits": "fraction digits of the times that are stored, 0 to 9; times with more are refused",
    "message_chain": "whether devices publish messages to layers 1 and 2; `false` deploys the three tiers alone",
    "unknown_devices": "`refuse` sets messages of devices that are not listed aside, `keep` stores them",
}
_LAYERS = {
    "layer_1_provider": "receives the devices' messages",
    "layer_2_provider": "processes them",
    "layer_3_hot_provider": "the database of single items",
    "layer_3_cold_provider": "chunks, read now and then",
    "layer_3_archive_provider": "old chunks, which are restored before they can be read",
}


def twin_files(choices: Choices) -> Iterator[tuple[str, str]]:
    """Yield the path below the project and the text of each file."""
    yield f"{TWIN_FOLDER}/{CONFIG}", _json(_config(choices))
    devices = ",\n".join(f"  {json.dumps({'id': device}, ensure_ascii=False)}" for device in choices.devices)
    yield f"{TWIN_FOLDER}/{DEVICES}", f"[\n{devices}\n]\n"
    yield f"{TWIN_FOLDER}/{PROVIDER_FILE}", _json(choices.providers)
    yield f"{TWIN_FOLDER}/README.md", _page(choices)


def _config(choices: Choices) -> dict[str, Any]:
    return {
        "digital_twin_name": choices.name,
        "hot_storage_size_in_days": choices.hot_days,
        "cold_storage_size_in_days": choices.cold_days,
        "mode": "production",
        "mover_schedule": "rate(1 day)",
        "time_digits": 3,
        "message_chain": choices.message_chain,
        "unknown_devices": "refuse",
        **choices.settings,
    }


def _json(content: object) -> str:
    return json.dumps(content, indent=2, ensure_ascii=False) + "\n"


def _page(choices: Choices) -> str:
    config = "\n".join(f"| `{key}` | {_MEANINGS[key]} |" for key in _config(choices) if key in _MEANINGS)
    layers = "\n".join(f"| `{key}` | `{cloud}` | {_LAYERS[key]} |" for key, cloud in choices.providers.items())
    clouds = ", ".join(f"`{name}`" for name in names())
    return f"""# The twin {choices.name}

All files are checked together; every problem is reported with file and key before anything is done.

## {CONFIG}

| key | meaning |
|---|---|
{config}

## {PROVIDER_FILE}

| key | now | what it does |
|---|---|---|
{layers}

Each is one of {clouds}. A tier whose cloud is changed after deployment keeps its data where they are: move them first.

## {DEVICES}

A list of `{{"id": ...}}`; further keys are kept. Messages of devices that are not here are set aside, where
`l3kit letters {TWIN_FOLDER}` shows them.

## Optional

- `config_events.json`: conditions on items, and what to do when they hold.
- `processors/<device or default>/process.py` with `process(event)`, which returns an item, a list of items, or None.
- `config_inter_cloud.json` is written by deployment and holds secrets: it is never committed (see `.gitignore`).
"""
