"""A blocking call is waited for only so long; what it returns or raises is passed on."""

from __future__ import annotations

import threading

import pytest

from l3kit.errors import L3Error
from l3kit.operate.time_limit import within


def test_the_result_is_returned_even_if_it_is_none() -> None:
    assert within(10, "f", lambda: 7) == 7
    assert within(10, "f", lambda: None) is None


def test_an_error_of_the_call_is_raised_as_it_is() -> None:
    def fail() -> None:
        raise L3Error("dispatcher", "is not deployed", "Run deploy_l3")

    with pytest.raises(L3Error, match="is not deployed"):
        within(10, "f", fail)


def test_a_call_that_takes_longer_is_named() -> None:
    release = threading.Event()
    with pytest.raises(L3Error, match=r"persister: did not answer within 0\.05 s\. See the log of persister"):
        within(0.05, "persister", release.wait)
    release.set()
