"""No modules of l3kit import one another in a circle, neither inside functions nor for types alone."""

from __future__ import annotations

from pathlib import Path

import grimp
import pytest


def circles(package: str) -> list[list[str]]:
    """The modules of each group of which every one imports every other, at once or through others of the group."""
    graph = grimp.build_graph(package, exclude_type_checking_imports=False, cache_dir=None)
    found: set[frozenset[str]] = set()
    for module in graph.modules:
        around = graph.find_upstream_modules(module) & graph.find_downstream_modules(module)
        if around:
            found.add(frozenset({module, *around}))
    return sorted(map(sorted, found))


def test_no_module_imports_itself_through_others() -> None:
    assert circles("l3kit") == []


@pytest.mark.parametrize(
    "import_of_first",
    [
        "from planted import first\n",
        "import planted.first\n",
        "def late():\n    from planted.first import NAME\n",
        "from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n    from planted.first import NAME\n",
    ],
)
def test_a_circle_through_three_modules_is_found_however_it_is_closed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, import_of_first: str
) -> None:
    folder = tmp_path / "planted"
    folder.mkdir()
    modules = {
        "__init__": "",
        "first": "import planted.second\nNAME = 1\n",
        "second": "from planted import third\n",
        "third": "import planted.apart\n",
        "apart": "",
        "user": "import planted.first\n",
    }
    for name, text in modules.items():
        (folder / f"{name}.py").write_text(text)
    monkeypatch.syspath_prepend(tmp_path)
    assert circles("planted") == []
    (folder / "third.py").write_text(modules["third"] + import_of_first)
    assert circles("planted") == [["planted.first", "planted.second", "planted.third"]]
