from __future__ import annotations

import pytest

from l3kit.sandbox.azure.iot_hub import is_authorized, method_payload, twins_of


def test_a_payload_keeps_its_bytes() -> None:
    assert method_payload(b'{"methodName": "m", "payload": {"a":  1.10}}') == b'{"a":  1.10}'
    assert method_payload(b'{"methodName": "m"}') == b"null"


@pytest.mark.parametrize(
    ("body", "named"),
    [
        (b"x", "JSON"),
        (b"{}", "methodName"),
        (b'{"methodName": "m m"}', "methodName"),
        (b'{"methodName": "m", "responseTimeoutInSeconds": 4}', "responseTimeoutInSeconds"),
        (b'{"methodName": "m", "responseTimeoutInSeconds": true}', "responseTimeoutInSeconds"),
    ],
)
def test_a_malformed_call_is_refused_with_the_field(body: bytes, named: str) -> None:
    with pytest.raises(ValueError, match=named):
        method_payload(body)


def test_a_function_speaks_to_the_devices_of_its_own_twin() -> None:
    assert twins_of("a-b-event-checker", ["a", "a-b", "c"]) == ["a-b"]
    assert twins_of("", ["b", "a"]) == ["a", "b"]


@pytest.mark.parametrize("given", ["", "Bearer x", "SharedAccessSignature", "SharedAccessSignature sr=a&sig=b&se=x"])
def test_what_is_no_signature_is_refused(given: str) -> None:
    assert not is_authorized(given, 0.0)
