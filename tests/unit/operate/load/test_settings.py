"""Options of a load that are wrong are refused with what is allowed."""

from __future__ import annotations

from pathlib import Path

import pytest

from l3kit.errors import ConfigurationError
from l3kit.operate.load.loading import load
from l3kit.twin.config import Twin
from tests.unit.operate.load.loaded_files import HEAD


@pytest.mark.parametrize(
    ("options", "cause"),
    [
        ({"tmie": "a"}, "load: tmie: is not known. did you mean time"),
        ({"device": "a", "device_id": "b"}, "exclude each other"),
        ({"form": "xml"}, "--form: 'xml' is not allowed. Give csv, jsonl"),
        ({"repeated_hour": "both"}, "--repeated-hour: 'both' is not allowed"),
        ({"rate": -1.0}, "--rate: -1.0 is not a rate"),
        ({"decimal": ";"}, "is not a decimal sign"),
        ({"delimiter": "ab"}, "is not a delimiter"),
        ({"encoding": "utf8x"}, "is not an encoding of text"),
        ({"encoding": "base64"}, "is not an encoding of text"),
        ({"value": "temp"}, "is one text, not a list"),
    ],
)
def test_options_that_are_wrong_are_refused(twin: Twin, file: Path, options: dict[str, object], cause: str) -> None:
    file.write_text(HEAD)
    with pytest.raises(ConfigurationError, match=cause):
        load(None, twin, [file], {**options, "dry_run": True})  # type: ignore[typeddict-item]
