from __future__ import annotations

from typing import Any

import pytest

from l3kit.sandbox.messages.routes import Route, Routes, read_route

GIVEN = {"owner": "weather", "topics": "weather/+/telemetry", "function": "weather-dispatcher"}


def test_a_route_takes_the_topics_of_its_filter_until_it_is_deleted() -> None:
    routes = Routes()
    route = read_route("r", {**GIVEN, "letters": "bucket"})
    routes.put(route)
    assert list(routes.taking("weather/a/telemetry")) == [Route("r", *GIVEN.values(), "bucket")]
    assert list(routes.taking("other/a/telemetry")) == []
    assert routes.twins() == {"weather"}
    assert routes.delete("r") == route
    assert list(routes.taking("weather/a/telemetry")) == []


@pytest.mark.parametrize(
    ("body", "named"),
    [
        ([], "object"),
        ({**GIVEN, "topics": 1}, "texts"),
        ({**GIVEN, "more": "x"}, "letters"),
        ({"owner": "", "topics": "a"}, "function"),
        ({**GIVEN, "topics": "a+"}, "topics"),
        ({**GIVEN, "function": ""}, "function"),
    ],
)
def test_a_malformed_route_is_refused_with_the_field(body: Any, named: str) -> None:
    with pytest.raises(ValueError, match=named):
        read_route("r", body)
