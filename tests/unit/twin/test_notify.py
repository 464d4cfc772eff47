"""Addresses that alarms are sent to: what is one, what is wrong with others, and how they are shown."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from l3kit.errors import ConfigurationError
from l3kit.twin.config import Twin
from l3kit.twin.notify import MAX_ADDRESSES, is_for_this_machine, problem_with, problem_with_addresses, shown
from tests.integration.aws.conftest import write_twin

KEYED = "https://events.example.com/integration/KEY/enqueue?token=SECRET"


@pytest.mark.parametrize(
    "address",
    ["ops@example.com", "first.last+l3kit@mail.example.co.uk", "https://example.com", KEYED, "http://127.0.0.1:8080/hook",
     "http://localhost/", "http://[::1]:80/x"],
)  # fmt: skip
def test_emails_https_urls_and_loopback_are_addresses(address: str) -> None:
    assert problem_with(address) == ""


@pytest.mark.parametrize(
    ("address", "told"),
    [
        ("ops", "is not an email address"),
        ("ops@localhost", "is not an email address"),
        ("@example.com", "is not an email address"),
        ("ops@example.com,dev@example.com", "is not an email address"),
        ("http://example.com/hook", "use https"),
        ("http://127.0.0.1.example.com/", "use https"),
        ("ftp://example.com/", "neither an email address nor a URL"),
        ("https://", "neither an email address nor a URL"),
        ("https://example.com:99999/", "is not a URL"),
        ("https://[::1/", "is not a URL"),
        ("https://user:SECRET@example.com/", "user name or password"),
        ("https://example.com/#top", "after #"),
        (" ops@example.com", "blanks"),
        ("https://example.com/a\nb", "blanks"),
    ],
)
def test_what_is_no_address_is_told_with_the_remedy_and_without_what_may_be_a_key(address: str, told: str) -> None:
    problem = problem_with_addresses([address])
    assert told in problem
    assert ": " in problem  # the remedy follows
    assert "SECRET" not in problem


def test_an_address_given_twice_is_told_in_whatever_spelling() -> None:
    assert "given twice: remove one" in problem_with_addresses(["ops@example.com", "OPS@Example.com"])
    assert problem_with_addresses([KEYED, KEYED.lower()]) == ""  # a path's case counts
    many = [f"ops{number}@example.com" for number in range(MAX_ADDRESSES + 1)]
    assert problem_with_addresses(many[:-1]) == ""
    assert "name a mailing list" in problem_with_addresses(many)


def test_a_url_is_shown_without_its_path_and_query_and_two_of_one_host_differ() -> None:
    assert shown("ops@example.com") == "ops@example.com"
    assert shown("https://example.com/") == "https://example.com/"
    one, other = shown(KEYED), shown(KEYED + "2")
    assert one.startswith("https://events.example.com/... (")
    assert one != other
    assert "KEY" not in one
    assert "SECRET" not in shown("https://example.com?token=SECRET")
    urls = ("http://localhost/x", KEYED, "ops@localhost.example")
    assert [is_for_this_machine(one) for one in urls] == [True, False, False]


def loaded(folder: Path, **config: Any) -> Twin:
    write_twin(folder, "plant", "aws", "aws", "aws", ["d"], **config)
    return Twin.load(folder)


def test_a_twin_has_alarms_only_where_it_asks_for_them(tmp_path: Path) -> None:
    assert not loaded(tmp_path).has_alarms
    assert not loaded(tmp_path, alarms=False).has_alarms
    assert loaded(tmp_path, alarms=True).has_alarms
    assert loaded(tmp_path, notify=["ops@example.com"]).has_alarms


def test_functions_are_told_whether_they_are_watched_and_never_by_whom(tmp_path: Path) -> None:
    config = loaded(tmp_path).digital_twin_info()["config"]
    watched = loaded(tmp_path, notify=[KEYED]).digital_twin_info()["config"]
    assert watched == {**config, "alarms": True}
    assert "alarms" not in config  # so that nothing of a twin without alarms changes


@pytest.mark.parametrize(
    ("config", "told"),
    [
        ({"notify": ["ops"]}, "config.json: notify: ops is not an email address"),
        ({"notify": ["https://u:SECRET@example.com/"]}, "config.json: notify: https://example.com"),
        ({"notify": "ops@example.com"}, "config.json: notify"),
        ({"notify": [1]}, "config.json: notify.0"),
        ({"alarms": "yes"}, "config.json: alarms"),
        ({"notify": ["ops@example.com"], "alarms": False}, "remove alarms, or empty notify"),
    ],
)
def test_a_malformed_setting_is_refused_at_load_with_file_and_key(
    tmp_path: Path, config: dict[str, Any], told: str
) -> None:
    with pytest.raises(ConfigurationError) as caught:
        loaded(tmp_path, **config)
    assert told in str(caught.value)
    assert "SECRET" not in json.dumps(str(caught.value))


def test_the_addresses_are_not_in_the_settings_representation(tmp_path: Path) -> None:
    assert "KEY" not in repr(loaded(tmp_path, notify=[KEYED]).config)
