"""Every Python block of README.md and docs is run, here or in the sandbox by tests/integration/test_docs_code.py."""

from __future__ import annotations

import ast
import re
import subprocess
import sys
import textwrap
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path

import pytest

from l3kit.tiering.format.exact_numbers import exact_loads
from l3kit.tiering.stream.processing import Processors
from tests.project.test_docs_code import PAGES, ROOT, fences

HERE = {"configuration.md": 1, "new_cloud.md": 1, "processor.md": 1}
IN_A_SANDBOX = {"sandbox.md": 2, "provisioning.md": 1, "api.md": 1, "restore.md": 1}
RUN = {**HERE, **IN_A_SANDBOX, "cost.md": 1}
"""Blocks of each page that tests run; that of the page on costs is run by test_docs_code."""
STORES = """
import tempfile
from functools import partial
from pathlib import Path

from tests.toy_cloud.hot_store import ToyHotStore
from tests.toy_cloud.journal_store import ToyJournalStore
from tests.toy_cloud.object_store import ToyObjectStore

CLASSES = {"cold": "COOL", "archive": "FROZEN", "letters": "STANDARD"}


def folder():
    return Path(tempfile.mkdtemp(dir=Path(__file__).parent))


def empty_hot_store():
    return ToyHotStore(folder())


def empty_journal():
    return partial(ToyJournalStore, folder())


def empty_object_store(tier):
    return ToyObjectStore(folder(), tier, CLASSES)
"""
"""What docs/how-to/new_cloud.md leaves to the reader."""


def not_run(name: str, text: str) -> Iterator[str]:
    """The page's Python blocks that no test runs, each by its page and first line."""
    marked = re.findall(r"^ *```python\n(.*?)^ *```", text, re.MULTILINE | re.DOTALL)
    yield from (_named(name, block) for block in marked[RUN.get(name, 0) :])
    rest = re.sub(r"^ *```(?:python|text)\n.*?^ *```", "", text, flags=re.MULTILINE | re.DOTALL)
    for mark in re.findall(r"^[ >]*(?:`{3,}|~{3,}) *(?:i?py.*|\{.*py.*)$", rest, re.MULTILINE | re.IGNORECASE):
        yield _named(name, mark)
    unmarked = re.findall(r"^ *```\n(.*?)^ *```", rest, re.MULTILINE | re.DOTALL)
    outside = re.sub(r"^ *```.*?^ *```", "", rest, flags=re.MULTILINE | re.DOTALL)
    indented = re.findall(r"(?:^ {4}.*\n|^\n(?= {4}))+", outside, re.MULTILINE)
    yield from (_named(name, block) for block in [*unmarked, *indented] if _is_python(block))


def _named(name: str, block: str) -> str:
    return f"{name}: {block.strip().splitlines()[0]}"


def _is_python(block: str) -> bool:
    """Whether it is a program; a command line, JSON or a call's signature is none."""
    try:
        body = ast.parse(textwrap.dedent(block)).body
    except SyntaxError:
        return False
    return any(not isinstance(s, ast.Expr | ast.AnnAssign) or isinstance(s.value, ast.Call) for s in body)


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_every_python_block_is_run(page: Path) -> None:
    assert list(not_run(page.name, page.read_text("utf-8"))) == []
    assert len(fences(page, "python")) == RUN.get(page.name, 0), "as many as the tests run"


@pytest.mark.parametrize(
    "block",
    [
        "```python\nx = 1\n```\n",
        "```py\nx = 1\n```\n",
        "```{.python}\nx = 1\n```\n",
        "~~~ Python\nx = 1\n~~~\n",
        "1. so\n   ```python\n   x = 1\n   ```\n",
        "```\nimport l3kit\n```\n",
        "so:\n\n    twin.plan()\n\n    x = 1\n",
    ],
)
def test_a_block_that_nobody_runs_is_named(block: str) -> None:
    (named,) = not_run("new.md", f"# New\n\n{block}\n```json\n{{}}\n```\n\n    l3kit plan TWIN\n")
    assert named.startswith("new.md: ")


def test_all_pages_are_looked_at() -> None:
    assert set(PAGES) == {ROOT / "README.md", *(ROOT / "docs").rglob("*.md")}
    assert set(RUN) <= {page.name for page in PAGES}


def test_the_processor_of_the_page_on_configuration_runs(tmp_path: Path) -> None:
    (block,) = fences(ROOT / "docs" / "reference" / "configuration.md", "python")
    (tmp_path / "process.py").write_text(block)
    (made,) = Processors([tmp_path / "process.py"]).results(0, b'{"id":"boiler","fahrenheit":68.5}')
    assert exact_loads(made) == {"id": "boiler", "fahrenheit": Decimal("68.5"), "celsius": Decimal("20.28")}


def test_the_processor_of_the_page_on_processors_runs(tmp_path: Path) -> None:
    (block,) = fences(ROOT / "docs" / "how-to" / "processor.md", "python")
    (tmp_path / "process.py").write_text(block)
    processors = Processors([tmp_path / "process.py"])
    (made,) = processors.results(0, b'{"id":"pump-1","psi":33.5}')
    assert exact_loads(made) == {"id": "pump-1", "bar": Decimal("2.31")}
    assert list(processors.results(0, b'{"id":"pump-1","psi":33.5,"status":"test"}')) == []


def test_the_suite_of_the_page_on_new_clouds_runs(tmp_path: Path) -> None:
    """In a process of its own, as a reader runs it; what takes seconds in it is left out."""
    (block,) = fences(ROOT / "docs" / "how-to" / "new_cloud.md", "python")
    (tmp_path / "test_suite.py").write_text(STORES + block)
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "-p", "no:xdist"]
    chosen = ["-k", "not more_than_one_page and not large_content", str(tmp_path / "test_suite.py")]
    ran = subprocess.run([*command, *chosen], cwd=ROOT, capture_output=True, text=True, timeout=300, check=False)
    assert ran.returncode == 0, ran.stdout + ran.stderr
    passed = re.search(r"(\d+) passed", ran.stdout)
    assert passed is not None, ran.stdout
    assert int(passed[1]) > 90, "all three suites were run"
