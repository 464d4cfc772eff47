"""A function's process takes the compiled files of the same sources that are installed here, and of no others."""

from __future__ import annotations

import os
import py_compile
import subprocess
import sys
from importlib.util import cache_from_source
from pathlib import Path

import pytest

from l3kit.sandbox.functions.compiled_files import adopt_compiled

SOURCE = "import sys\nprint(__file__, sys._getframe().f_code.co_filename)\n"


@pytest.fixture
def installed(tmp_path: Path) -> Path:
    """A folder on Python's path with a package that was compiled."""
    module = written(tmp_path / "installed", SOURCE)
    py_compile.compile(str(module), doraise=True)
    return tmp_path / "installed"


def written(folder: Path, source: str) -> Path:
    module = folder / "lib" / "deep" / "one.py"
    module.parent.mkdir(parents=True)
    module.write_text(source)
    os.utime(module, (1_700_000_000, 1_700_000_000))
    return module


def compiled(folder: Path) -> Path:
    return Path(cache_from_source(str(folder / "lib" / "deep" / "one.py")))


def test_the_same_source_is_not_compiled_again(installed: Path, tmp_path: Path) -> None:
    module = written(tmp_path / "unpacked", SOURCE)
    os.utime(module, (1, 1))
    module.chmod(0o400)
    assert adopt_compiled(tmp_path / "unpacked", ["", "/nowhere", str(installed)]) == 1
    before = compiled(tmp_path / "unpacked").stat()
    assert before.st_mode & 0o777 == 0o600
    command = [sys.executable, "-S", "-s", "-P", "-c", "import sys; sys.path[:0] = sys.argv[1:]; import lib.deep.one"]
    environment = {name: value for name, value in os.environ.items() if not name.startswith("PYTHON")}
    ran = subprocess.run(
        [*command, str(tmp_path / "unpacked")], env=environment, capture_output=True, text=True, check=True
    )
    assert ran.stdout.split() == [str(module), str(module)], "a traceback shows the function's own file"
    after = compiled(tmp_path / "unpacked").stat()
    assert (after.st_ino, after.st_mtime_ns) == (before.st_ino, before.st_mtime_ns), "Python took it as it is"


@pytest.mark.parametrize("source", [SOURCE.replace("print", "primt"), SOURCE + "\n"])
def test_another_source_is_left_to_python(source: str, installed: Path, tmp_path: Path) -> None:
    module = written(tmp_path / "unpacked", source)
    assert adopt_compiled(tmp_path / "unpacked", [str(installed)]) == 0
    assert not compiled(tmp_path / "unpacked").exists()
    assert module.stat().st_mtime == 1_700_000_000


@pytest.mark.parametrize("stale", ["changed since", "never compiled", "compiled by hash", "another Python's"])
def test_what_is_not_compiled_from_that_source_is_left_to_python(stale: str, installed: Path, tmp_path: Path) -> None:
    written(tmp_path / "unpacked", SOURCE)
    match stale:
        case "changed since":
            os.utime(installed / "lib" / "deep" / "one.py", (5, 5))
        case "never compiled":
            compiled(installed).unlink()
        case "compiled by hash":
            mode = py_compile.PycInvalidationMode.UNCHECKED_HASH
            py_compile.compile(str(installed / "lib" / "deep" / "one.py"), invalidation_mode=mode)
        case _:
            compiled(installed).write_bytes(b"old!" + compiled(installed).read_bytes()[4:])
    assert adopt_compiled(tmp_path / "unpacked", [str(installed)]) == 0
    assert not compiled(tmp_path / "unpacked").exists()
