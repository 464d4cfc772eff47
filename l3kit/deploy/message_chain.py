"""Requirements of a twin's message chain on its clouds, checked before a plan compares anything."""

from __future__ import annotations

from l3kit.given_values import all_problems
from l3kit.providers import provider
from l3kit.twin.config import PROVIDER_FILE, Twin
from l3kit.twin.event_checks import event_faults
from l3kit.twin.layout import CHAIN


def check_message_chain(twin: Twin) -> None:
    """Check that the twin's clouds can run the chain and carry out its events.

    Raises: ConfigurationError with every problem, each with file, key and remedy.
    """
    layout = twin.layout
    if not layout.l1:
        return
    hosts = dict.fromkeys(cloud for function in CHAIN if (cloud := layout.host_of(function)))
    problems = [
        f"{PROVIDER_FILE}: {provider(cloud).title} does not run layers 1 and 2, nor the hot tier of another cloud's "
        'layer 2. Choose other providers, or set "message_chain": false in config.json'
        for cloud in hosts
        if not provider(cloud).variables.peers
    ]
    problems += event_faults(twin.events, layout.l1, layout.l2)
    if problems:
        raise all_problems(f"twin {twin.name}", problems)
