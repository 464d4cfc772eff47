"""What a function can import: all that its files import late or early, but for late modules of other functions."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from l3kit.packaging.reachable import reachable
from l3kit.packaging.shipped import PACKAGE
from l3kit.packaging.wheels import sources

FILES = {
    "__init__.py": "",
    "early.py": "import os\nimport pack.deep.one\n",
    "late.py": "class A:\n    async def f(self):\n        from pack.deep import two\n",
    "alternatives.py": "def f():\n    import pack.mine\ndef g():\n    import pack.theirs\n",
    "typed.py": "if TYPE_CHECKING:\n    import pack.mine\nelse:\n    import pack.early\n",
    "guarded.py": "try:\n    import pack.early\nexcept ImportError:\n    pass\n",
    "eager.py": "from pack import theirs\n",
    "mine.py": "",
    "theirs.py": "",
    "deep/__init__.py": "",
    "deep/one.py": "",
    "deep/two.py": "",
}


@pytest.fixture
def package(tmp_path: Path) -> Path:
    for name, text in FILES.items():
        path = tmp_path / "pack" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return tmp_path / "pack"


@pytest.mark.parametrize(
    ("code", "own", "found"),
    [
        ("import os.path, json", (), ""),
        ("import packed", (), ""),
        ("from pack.nothing import pack", (), ""),
        ("from pack import early", (), "__init__.py deep/__init__.py deep/one.py early.py"),
        ("import pack.late as x", (), "__init__.py deep/__init__.py deep/two.py late.py"),
        ("from pack.guarded import x", (), "__init__.py deep/__init__.py deep/one.py early.py guarded.py"),
        ("import pack.typed", (), "__init__.py deep/__init__.py deep/one.py early.py typed.py"),
        ("import pack.alternatives", (), "__init__.py alternatives.py"),
        ("import pack.alternatives", ("pack.mine",), "__init__.py alternatives.py mine.py"),
        ("", ("pack.mine",), "__init__.py mine.py"),
        ("import pack.eager", (), "__init__.py eager.py theirs.py"),
    ],
)
def test_modules_are_found_by_following_imports(
    code: str, own: tuple[str, ...], found: str, package: Path, tmp_path: Path
) -> None:
    entry = tmp_path / "main.py"
    entry.write_text(code)
    paths = reachable([entry], own, ("pack.mine", "pack.theirs"), package)
    assert [str(path.relative_to(package)) for path in paths] == found.split()


def test_only_a_change_of_code_that_a_function_can_reach_changes_its_zip(tmp_path: Path) -> None:
    copy = tmp_path / "l3kit"
    for part in ("tiering", "clouds"):
        shutil.copytree(PACKAGE / part, copy / part, ignore=shutil.ignore_patterns("__pycache__"))
    for name in ("__init__.py", "errors.py"):
        shutil.copy(PACKAGE / name, copy / name)

    def packed(function: str) -> dict[str, bytes]:
        return {name: path.read_bytes() for name, path in sources("gcp", function, copy)}

    dispatcher, reader = packed("dispatcher"), packed("hot-reader")
    with (copy / "tiering" / "stream" / "relay.py").open("a") as file:
        file.write("# changed\n")
    assert packed("hot-reader") == reader
    changed = packed("dispatcher")
    assert {name for name in changed if changed[name] != dispatcher[name]} == {"l3kit/tiering/stream/relay.py"}
