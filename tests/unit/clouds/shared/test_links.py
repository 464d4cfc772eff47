"""The receiving end of a link as resources."""

from __future__ import annotations

import itertools
from pathlib import Path

import pytest

from l3kit.clouds.shared.links import LinkAddress
from l3kit.errors import ProvisioningError
from l3kit.twin.connections import load_connections, save_inter_cloud_connection
from tests.support.deployed import Deployed, links_of
from tests.support.twins import link_id, twin_on


def test_a_writers_address_is_saved_once_it_answers_and_forgotten_with_it(tmp_path: Path) -> None:
    twin, times = twin_on(tmp_path, "aws", "azure", "azure"), [0.0]
    azure = Deployed({"cold-writer": {"INTER_CLOUD_TOKEN": "a-token"}})
    links = links_of(twin, {"azure": azure})
    link = link_id(twin, "cold-writer")
    save_inter_cloud_connection(twin.path, link, "", "a-token")
    answers = iter([False, False, True, False])

    def sleep(seconds: float) -> None:
        times[0] += seconds

    address = LinkAddress(links, link, lambda url: next(answers), sleep, lambda: times[0])
    assert not address.compare().exists
    azure.urls["cold-writer"] = "https://f.example/api"
    assert not address.compare().exists
    address.create()
    saved = load_connections(twin.path)[link]
    assert (saved.url, saved.token, saved.provider, saved.function) == ("https://f.example/api", "a-token", "", "")
    assert address.compare().differences == ()
    save_inter_cloud_connection(twin.path, link, "https://other.example", "a-token")
    assert address.compare().differences == ("it differs from the deployed one",)
    answers = itertools.repeat(False)
    with pytest.raises(ProvisioningError, match=f"the writer of {link} answers: did not happen within 90 s"):
        address.update()
    assert load_connections(twin.path)[link].url == "https://other.example"
    address.delete()
    assert load_connections(twin.path)[link].url == ""
