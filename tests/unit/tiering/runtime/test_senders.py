"""Senders to the next cloud: their link, and that their retries end with the invocation."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest
import requests

from l3kit.errors import TransferError
from l3kit.tiering.runtime.senders import Senders
from l3kit.tiering.stream.patience import Patience
from tests.support.chain import ChainWorld


class Broken:
    """A session without connection; `timeouts`: what it was asked to wait."""

    def __init__(self) -> None:
        self.timeouts: list[float] = []

    def post(self, url: str, *, timeout: float, **more: Any) -> Any:
        self.timeouts.append(timeout)
        raise requests.exceptions.ConnectionError


def senders(function: str, session: Any = None) -> tuple[Senders, list[float]]:
    pauses: list[float] = []
    settings = ChainWorld("aws", "azure", "gcp").settings(function)
    return Senders(settings, session=session or SimpleNamespace(), pause=pauses.append), pauses


@pytest.mark.parametrize(
    ("function", "link"), [("connector", "aws_l1_to_azure_l2"), ("persister", "azure_l2_to_gcp_l3hot")]
)
def test_the_link_is_that_of_the_saved_connection(function: str, link: str) -> None:
    assert senders(function)[0].link == link


@pytest.mark.parametrize(("left", "tries"), [(100.0, 4), (3.0, 3), (0.5, 1)])
def test_no_try_begins_after_the_end_of_the_invocation(left: float, tries: int) -> None:
    session = Broken()
    opened, pauses = senders("connector", session)
    with pytest.raises(TransferError):
        opened.open(Patience(lambda: left)).post_messages((b"{}",))
    assert (len(session.timeouts), len(pauses)) == (tries, tries - 1)
    assert set(session.timeouts) == {max(min(30.0, left), 1.0)}
