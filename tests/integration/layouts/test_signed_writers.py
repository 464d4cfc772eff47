"""Writers of links that are signed pass what any writer must, and refuse the token itself."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping

import pytest

from l3kit.conformance import Writer, WriterSuite
from l3kit.deploy import apply, plan
from l3kit.session import Session
from tests.integration.aws.conftest import MakeTwin, saved_links
from tests.integration.layouts.writers import ARCHIVE, COLD, sender

pytestmark = [pytest.mark.sandbox, pytest.mark.slow]


@pytest.fixture(scope="module")
def signed(cloud: str, clouds: Session, make_twin: MakeTwin) -> Mapping[str, Writer]:
    """Writers that accept nothing but signatures, asked so."""
    other, found = sender(cloud), {}
    for path, layout in ((COLD, (other, cloud, cloud)), (ARCHIVE, (other, other, cloud))):
        twin = make_twin(*layout, link_auth="signature")
        apply(plan(twin, clouds, clouds={cloud}), clouds)
        (link,) = saved_links(clouds, twin).values()
        found[path] = Writer(link.url, link.token, path)
    return found


class TestWritersOfSignedLinks(WriterSuite):
    """What a cloud of another package must pass too, where nothing but signatures is accepted."""

    @pytest.fixture
    def cold_writer(self, signed: Mapping[str, Writer]) -> Writer:
        return signed[COLD]

    @pytest.fixture
    def archive_writer(self, signed: Mapping[str, Writer]) -> Writer:
        return signed[ARCHIVE]

    def test_the_token_itself_is_refused(self, cold_writer: Writer, archive_writer: Writer) -> None:
        for writer in (cold_writer, archive_writer):
            status, answer = dataclasses.replace(writer, signed_path="").send(b"{")
            assert (status, answer) == (403, {"error": "the header X-Inter-Cloud-Signature is missing"})
