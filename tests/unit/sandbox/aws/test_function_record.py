"""A Lambda function's zip is unpacked once per content, and refused as Lambda refuses it."""

from __future__ import annotations

import zipfile
from io import BytesIO
from pathlib import Path

import pytest

from l3kit.sandbox.aws.function_record import InvalidFunctionError, unpack
from l3kit.sandbox.functions.shared_code import SharedCode


def zip_of(**files: str) -> bytes:
    buffer = BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for name, text in files.items():
            archive.writestr(name.replace("__", "/"), text)
    return buffer.getvalue()


def test_the_same_code_is_unpacked_once_and_other_code_beside_it(tmp_path: Path) -> None:
    shared = SharedCode(tmp_path / ".shared")
    first = unpack(zip_of(app="1", lib__a="x"), tmp_path / "f", shared)
    (first / "app").write_text("changed")
    assert unpack(zip_of(app="1", lib__a="x"), tmp_path / "f", shared) == first
    assert (first / "app").read_text() == "changed"
    second = unpack(zip_of(app="2", lib__a="x"), tmp_path / "f", shared)
    assert (second / "app").read_text() == "2"
    assert (second / "lib").samefile(first / "lib")


@pytest.mark.parametrize(
    ("code", "reason"),
    [
        (b"no zip", "Could not unzip"),
        (zip_of(app="1")[:-30], "Could not unzip"),
        (zip_of(app="a text").replace(b"a text", b"a tent"), "Could not unzip"),
        (zip_of(lib__a="1", **{"..__x": "1"}), r"outside of its root: \.\./x"),
    ],
    ids=["no zip", "cut off", "damaged", "outside"],
)
def test_a_zip_that_lambda_would_refuse_leaves_nothing(tmp_path: Path, code: bytes, reason: str) -> None:
    with pytest.raises(InvalidFunctionError, match=reason):
        unpack(code, tmp_path / "f", SharedCode(tmp_path / ".shared"))
    assert not list(tmp_path.glob("f/*/code"))
    assert not (tmp_path / "x").exists()
