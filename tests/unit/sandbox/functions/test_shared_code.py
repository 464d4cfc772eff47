"""Deployments share the folders that their zips have in common, and nothing else."""

from __future__ import annotations

import os
import shutil
import stat
import subprocess
import sys
import zipfile
import zlib
from collections.abc import Mapping
from io import BytesIO
from pathlib import Path

import pytest

from l3kit.sandbox.functions.shared_code import SharedCode, opened, outside

PACKAGE = {"lib/__init__.py": "VALUE = 1\n", "lib/deep/data.txt": "text"}


def zip_of(files: Mapping[str, str], mode: int = 0o644) -> bytes:
    buffer = BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, text in files.items():
            entry = zipfile.ZipInfo(name)
            entry.external_attr = mode << 16
            archive.writestr(entry, text)
    return buffer.getvalue()


class Deployments:
    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.shared = SharedCode(folder / ".shared")

    def make(self, name: str, code: bytes) -> Path:
        root = self.folder / name / "code"
        with opened(code) as archive:
            self.shared.unpack(code, archive, root)
        return root

    @property
    def kept(self) -> list[Path]:
        return [path for path in (self.folder / ".shared").iterdir() if not path.name.startswith(".")]


@pytest.fixture
def deployments(tmp_path: Path) -> Deployments:
    return Deployments(tmp_path)


def content(root: Path) -> dict[str, str]:
    """Every file below a root by its path, links to folders followed."""
    folders = [(Path(folder), names) for folder, _, names in os.walk(root, followlinks=True)]
    return {str((at / name).relative_to(root)): (at / name).read_text() for at, names in folders for name in names}


def test_a_root_holds_what_its_zip_holds(deployments: Deployments) -> None:
    files = {"app.py": "import lib\n", **PACKAGE, "other/x.py": "X = 2\n"}
    assert content(deployments.make("a", zip_of(files))) == files


def test_a_folder_of_two_zips_is_unpacked_once_and_each_has_its_own_files(deployments: Deployments) -> None:
    one = deployments.make("a", zip_of({"app.py": "1\n", **PACKAGE}))
    two = deployments.make("b", zip_of({"app.py": "2\n", **PACKAGE, "more/y.py": ""}))
    assert (one / "lib").samefile(two / "lib")
    assert [(root / "app.py").read_text() for root in (one, two)] == ["1\n", "2\n"]
    (one / "written.txt").write_text("by a function")
    assert not (two / "written.txt").exists()
    assert not (two / "app.py").samefile(one / "app.py")


@pytest.mark.parametrize(
    "other",
    [
        {**PACKAGE, "lib/__init__.py": "VALUE = 2\n"},
        {**PACKAGE, "lib/more.py": ""},
        {"lib/__init__.py": "VALUE = 1\n"},
        {"lib/__init__.py": "VALUE = 1\n", "lib/deep/other.txt": "text"},
    ],
    ids=["other content", "one more", "one less", "other name"],
)
def test_folders_that_differ_in_anything_are_apart(deployments: Deployments, other: Mapping[str, str]) -> None:
    one, two = deployments.make("a", zip_of(PACKAGE)), deployments.make("b", zip_of(other))
    assert not (one / "lib").samefile(two / "lib")
    assert content(one) == PACKAGE
    assert content(two) == other


def test_folders_with_other_permissions_are_apart(deployments: Deployments) -> None:
    one, two = deployments.make("a", zip_of(PACKAGE)), deployments.make("b", zip_of(PACKAGE, 0o755))
    modes = [stat.S_IMODE((root / "lib/__init__.py").stat().st_mode) for root in (one, two)]
    assert modes == [0o400, 0o500], "what is shared is read-only"


def test_what_is_not_shared_can_be_written(deployments: Deployments) -> None:
    root = deployments.make("a", zip_of({"app.py": "1\n"}, 0o400))
    assert stat.S_IMODE((root / "app.py").stat().st_mode) == 0o600


def test_the_first_that_imports_a_shared_package_compiles_it_for_all(deployments: Deployments) -> None:
    code = zip_of({"app.py": "import lib; print(lib.__file__, lib.__cached__)\n", **PACKAGE})
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    for name in ("a", "b"):
        root = deployments.make(name, code)
        command = [sys.executable, "-S", "-s", "app.py"]
        printed = subprocess.run(command, cwd=root, env=environment, capture_output=True, text=True, check=True).stdout
        file, cached = map(Path, printed.split())
        assert file == root / "lib" / "__init__.py", "a function sees its own root alone"
        compiled = deployments.kept[0] / "lib" / "__pycache__" / cached.name
        assert compiled.is_file()
        if name == "a":
            first = compiled.stat().st_ino
    assert compiled.stat().st_ino == first


def test_a_folder_goes_with_the_last_deployment_that_has_it(deployments: Deployments) -> None:
    one, two = deployments.make("a", zip_of(PACKAGE)), deployments.make("b", zip_of(PACKAGE))
    (one / "lib" / "__pycache__").mkdir()
    deployments.shared.remove(one.parent)
    assert not one.parent.exists()
    assert content(two) == PACKAGE
    deployments.shared.remove(two.parent)
    assert list((deployments.folder / ".shared").iterdir()) == []
    assert content(deployments.make("c", zip_of(PACKAGE))) == PACKAGE


def test_a_damaged_zip_leaves_nothing_and_what_others_have_stays(deployments: Deployments) -> None:
    other = deployments.make("a", zip_of({"fine/f.py": "1\n"}))
    whole = zip_of({"fine/f.py": "1\n", "lib/big.py": "".join(map(str, range(2000)))})
    damaged = bytearray(whole)
    damaged[whole.index(b"lib/big.py") + 200] ^= 0xFF
    with pytest.raises((zipfile.BadZipFile, zlib.error)):
        deployments.make("b", bytes(damaged))
    assert not (deployments.folder / "b" / "code").exists()
    assert not (deployments.folder / "b" / "unpacking").exists()
    assert [sorted(path.name for path in kept.iterdir()) for kept in deployments.kept] == [["fine"]]
    assert content(other) == {"fine/f.py": "1\n"}
    assert "lib/big.py" in content(deployments.make("b", whole))


def test_a_disk_that_takes_no_more_leaves_nothing_of_a_folder(deployments: Deployments, tmp_path: Path) -> None:
    """The folder of the zip cannot be written: a file is where the shared folders should be."""
    (tmp_path / ".shared").write_text("")
    with pytest.raises(NotADirectoryError):
        deployments.make("a", zip_of({"app.py": "", **PACKAGE}))
    assert list((tmp_path / "a").iterdir()) == []
    (tmp_path / ".shared").unlink()
    assert content(deployments.make("a", zip_of(PACKAGE))) == PACKAGE


def test_what_an_interrupted_unpacking_left_is_not_used(deployments: Deployments) -> None:
    root = deployments.make("a", zip_of(PACKAGE))
    digest = deployments.kept[0].name
    deployments.shared.remove(root.parent)
    half = deployments.folder / ".shared" / f".{digest}.half" / "lib"
    half.mkdir(parents=True)
    (root.with_name("unpacking") / "lib").mkdir(parents=True)
    assert content(deployments.make("a", zip_of(PACKAGE))) == PACKAGE


@pytest.mark.parametrize(("name", "leads_outside"), [("/etc/x", True), ("a/../../x", True), ("a/x..y", False)])
def test_names_that_lead_outside_are_found(name: str, leads_outside: bool) -> None:
    with opened(zip_of({"app.py": "", name: ""})) as archive:
        assert outside(archive) == (name if leads_outside else None)


def test_a_home_with_shared_code_is_removed_as_a_whole(deployments: Deployments) -> None:
    deployments.make("a", zip_of(PACKAGE))
    shutil.rmtree(deployments.folder)
    assert not deployments.folder.exists()
