"""Zips: the same bytes every time, only what a function needs, wheels of the platform it will run on."""

from __future__ import annotations

import io
import os
import re
import subprocess
import sys
import time
import zipfile
from pathlib import Path

import pytest

from l3kit.errors import ProvisioningError
from l3kit.packaging import wheels as package
from l3kit.packaging.shipped import PACKAGE
from l3kit.packaging.wheels import Runtime, dependencies, lock_of, pack
from l3kit.tiering.settings.function_table import FUNCTIONS

HERE = Runtime(f"{sys.version_info.major}.{sys.version_info.minor}", "x86_64")


def names(data: bytes) -> list[str]:
    return zipfile.ZipFile(io.BytesIO(data)).namelist()


def test_a_zip_is_the_same_to_the_byte_whenever_it_is_made(monkeypatch: pytest.MonkeyPatch) -> None:
    first = pack("aws", "cold-writer", HERE)
    package._packed.clear()
    package._zipped_dependencies.cache_clear()
    later = time.time() + 86_400
    for path in (PACKAGE / "tiering").rglob("*.py"):
        os.utime(path, (later, path.stat().st_mtime))
    second = pack("aws", "cold-writer", HERE)
    assert first == second
    entries = zipfile.ZipFile(io.BytesIO(first)).infolist()
    assert {entry.date_time for entry in entries} == {(1980, 1, 1, 0, 0, 0)}
    held = [entry.filename for entry in entries]
    own = held.index("l3kit/__init__.py")
    assert [held[:own], held[own:]] == [sorted(held[:own]), sorted(held[own:])]
    assert first != pack("aws", "cold-writer", HERE, {"digital_twin_info.json": b"{}"})


def test_dependencies_are_compressed_once_and_the_same_where_nothing_can_be_kept(tmp_path: Path) -> None:
    folder = tmp_path / "dependencies"
    (folder / "some").mkdir(parents=True)
    (folder / "some" / "module.py").write_text("x = 1\n" * 1000)
    first = package._zipped_dependencies(folder)
    (kept,) = tmp_path.glob("*.zip")
    assert kept.read_bytes() == first
    assert names(first) == ["some/module.py"]
    package._zipped_dependencies.cache_clear()
    (folder / "some" / "module.py").unlink()
    assert package._zipped_dependencies(folder) == first, "it is read, not made again"
    gone = Path("/proc/nowhere")  # where nobody can make a file
    assert names(package._zipped_dependencies(gone)) == []


@pytest.mark.parametrize("function", FUNCTIONS)
def test_a_zip_holds_the_entry_point_the_needed_part_of_l3kit_and_dependencies(function: str) -> None:
    held = names(pack("aws", function, HERE))
    for name in (
        "lambda_function.py",
        "l3kit/tiering/runtime/functions.py",
        "l3kit/clouds/aws/data/entry.py",
        "requests/__init__.py",
    ):
        assert name in held
    assert any(name.startswith("orjson/") and name.endswith(".so") for name in held)
    for part in ("control", "cloud.py", "deploy", "sandbox", "session.py", "l3kit/twin", "__pycache__", "dist-info"):
        assert not any(part in name for name in held), part


def test_a_packed_function_starts_from_its_zip_alone(tmp_path: Path) -> None:
    zipfile.ZipFile(io.BytesIO(pack("aws", "hot-to-cold-mover", HERE))).extractall(tmp_path)
    code = (
        "import sys; sys.path[:] = [p for p in sys.path if 'site-packages' not in p]; sys.path.insert(0, '.');"
        "import l3kit.clouds.aws.data.entry, l3kit.tiering.movers.hot_to_cold, l3kit.tiering.transfer.sender;"
        "import orjson, requests, zstandard;"
        "print(sorted(m for m in ('boto3', 'pandas', 'pydantic', 'moto') if m in sys.modules), orjson.__file__)"
    )
    done = subprocess.run(
        [sys.executable, "-S", "-c", code], cwd=tmp_path, capture_output=True, text=True, check=False, env={}
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith("[] ")
    assert str(tmp_path) in done.stdout


@pytest.mark.parametrize(
    ("architecture", "machine"), [pytest.param("x86_64", "x86_64", marks=pytest.mark.slow), ("arm64", "aarch64")]
)
def test_wheels_are_those_of_the_target_and_not_of_this_machine(architecture: str, machine: str) -> None:
    python = "3.12" if HERE.python == "3.13" else "3.13"
    folder = dependencies(Runtime(python, architecture), lock_of("aws"))
    libraries = [path.name for path in folder.rglob("*.so") if "orjson" in str(path)]
    assert libraries
    tag = f"cpython-{python.replace('.', '')}-{machine}"
    assert all(tag in name for name in libraries), libraries
    assert dependencies(Runtime(python, architecture), lock_of("aws")) == folder


def test_dependencies_that_cannot_be_had_are_named_without_an_address(tmp_path: Path) -> None:
    with pytest.raises(ProvisioningError, match=r"dependencies for Python 3\.1 on x86_64: pip failed") as caught:
        dependencies(Runtime("3.1", "x86_64"), lock_of("aws"), tmp_path)
    assert "://" not in str(caught.value)
    assert not [path for path in tmp_path.iterdir() if not path.name.startswith(".")]


def test_a_file_whose_hash_is_not_in_the_lock_is_refused(tmp_path: Path) -> None:
    (locked,) = re.findall(r"^idna==\S+", lock_of("aws").read_text(), re.MULTILINE)
    lock = tmp_path / "requirements.lock"
    lock.write_text(f"{locked} --hash=sha256:{'0' * 64}\n")
    with pytest.raises(ProvisioningError) as caught:
        dependencies(HERE, lock, tmp_path / "cache")
    assert caught.value.cause == f"the package index gave a file of {locked} whose hash is not in the lock file"
    assert "released with" in caught.value.remedy
    assert not [path for path in (tmp_path / "cache").iterdir() if path.is_dir()]


def test_a_dependency_that_the_lock_leaves_out_is_refused(tmp_path: Path) -> None:
    lock = tmp_path / "requirements.lock"
    whole = lock_of("aws").read_text()
    lock.write_text(re.sub(r"^idna==.*?(?=^\w)", "", whole, flags=re.MULTILINE | re.DOTALL))
    with pytest.raises(ProvisioningError, match=r"pip failed: .*idna"):
        dependencies(HERE, lock, tmp_path / "cache")


@pytest.mark.slow
def test_a_zip_over_lambdas_limit_is_refused() -> None:
    with pytest.raises(ProvisioningError, match="52,428,800 are allowed"):
        pack("aws", "cold-writer", HERE, {"noise": os.urandom(51 * 1024 * 1024)})


def test_a_function_without_entry_point_is_refused() -> None:
    with pytest.raises(ProvisioningError, match="lambda_code/aws/nothing is missing"):
        pack("aws", "nothing", HERE)
