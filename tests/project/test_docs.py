"""What the documentation says agrees with the code."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest

from l3kit.clouds.ports.operator_permissions import operator_permissions
from l3kit.providers import names_with
from l3kit.sandbox.faults.plans import ACTIONS
from l3kit.tiering.settings.tuning import DEFAULT_TUNING, TUNING_VARIABLES

ROOT = Path(__file__).parents[2]
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))]


def test_the_table_of_tuning_variables_gives_the_defaults() -> None:
    text = (ROOT / "docs" / "reference" / "configuration.md").read_text()
    rows = dict(re.findall(r"^\| `([A-Z_]+)` \| `?([a-z0-9]+)`? \|", text, re.MULTILINE))
    assert rows == {name: str(getattr(DEFAULT_TUNING, name.lower())) for name in TUNING_VARIABLES}


@pytest.mark.parametrize("cloud", names_with("permissions"))
def test_the_table_of_permissions_is_the_one_in_the_code(cloud: str) -> None:
    table = operator_permissions(cloud).table()
    assert f"\n\n{table}\n\n" in (ROOT / "docs" / "reference" / "provisioning.md").read_text()


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_links_between_pages_lead_somewhere(page: Path) -> None:
    for target in re.findall(r"\]\(([^)#]+)\)", page.read_text()):
        assert "://" in target or (page.parent / target).exists(), target


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_files_of_the_repository_that_a_page_names_exist(page: Path) -> None:
    text = re.sub(r"^ *```.*?^ *```", "", page.read_text("utf-8"), flags=re.MULTILINE | re.DOTALL)
    for name in re.findall(r"`((?:tests|l3kit|docs|benchmarks|lambda_code)/[\w./-]+)`", text):
        assert (ROOT / name).exists() or name.startswith("l3kit/shipped/"), name


def texts_of_the_code() -> str:
    """All text constants of the package, those of formatted strings without what is put in."""
    found = []
    for path in sorted((ROOT / "l3kit").rglob("*.py")):
        found += [n.value for n in ast.walk(ast.parse(path.read_text("utf-8"))) if isinstance(n, ast.Constant)]
    return "\n".join(text for text in found if isinstance(text, str))


def test_every_error_of_the_page_on_failed_movers_is_one_of_the_code() -> None:
    sections = (ROOT / "docs" / "how-to" / "mover_failed.md").read_text("utf-8").split("\n| error | ")[1:]
    errors = [text for section in sections for text in re.findall(r"^\| `(.+?)` \|", section, re.MULTILINE)]
    code = texts_of_the_code()
    assert len(errors) > 15
    assert [error for error in errors for part in error.split("...") if part.strip() not in code] == []


def test_the_page_on_testing_has_every_fault() -> None:
    text = (ROOT / "docs" / "explanation" / "testing.md").read_text("utf-8").split("| fault |")[1].split("\n\n")[0]
    assert set(re.findall(r"`(\w+)`", text)) == set(ACTIONS) - {"watch", "delay"}


def test_the_readme_is_one_page_with_a_picture_two_commands_and_five_links() -> None:
    text = (ROOT / "README.md").read_text()
    assert len(text.splitlines()) < 60
    assert "L3 hot" in text
    assert len(re.findall(r"^make \w+ +#", text, re.MULTILINE)) == 2
    assert len(re.findall(r"^- \[", text, re.MULTILINE)) == 5


def test_the_page_on_notebooks_names_each_and_every_make_target_exists() -> None:
    text = (ROOT / "docs" / "reference" / "notebooks.md").read_text()
    assert set(re.findall(r"^\| `(\w+)` \|", text, re.MULTILINE)) == {
        p.stem for p in (ROOT / "notebooks").glob("*.ipynb")
    }
    targets = set(re.findall(r"^([a-z-]+):.*##", (ROOT / "Makefile").read_text(), re.MULTILINE))
    assert {"demo", "test", "test-all", "bench", "lint", "clean", "help"} <= targets
