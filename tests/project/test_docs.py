"""What the documentation says agrees with the code."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from l3kit.clouds.aws.control.permissions import permission_table
from l3kit.tiering.settings.tuning import DEFAULT_TUNING, TUNING_VARIABLES

ROOT = Path(__file__).parents[2]
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))]


def test_the_table_of_tuning_variables_gives_the_defaults() -> None:
    text = (ROOT / "docs" / "reference" / "configuration.md").read_text()
    rows = dict(re.findall(r"^\| `([A-Z_]+)` \| `?([a-z0-9]+)`? \|", text, re.MULTILINE))
    assert rows == {name: str(getattr(DEFAULT_TUNING, name.lower())) for name in TUNING_VARIABLES}


def test_the_table_of_permissions_is_the_one_in_the_code() -> None:
    assert f"\n\n{permission_table()}\n\n" in (ROOT / "docs" / "reference" / "provisioning.md").read_text()


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_links_between_pages_lead_somewhere(page: Path) -> None:
    for target in re.findall(r"\]\(([^)#]+)\)", page.read_text()):
        assert "://" in target or (page.parent / target).exists(), target


def test_the_readme_names_every_notebook_and_every_make_target_exists() -> None:
    text = (ROOT / "README.md").read_text()
    assert set(re.findall(r"^\| `(\w+)` \|", text, re.MULTILINE)) == {
        p.stem for p in (ROOT / "notebooks").glob("*.ipynb")
    }
    targets = set(re.findall(r"^([a-z-]+):.*##", (ROOT / "Makefile").read_text(), re.MULTILINE))
    assert {"demo", "test", "test-all", "bench", "lint", "clean", "help"} <= targets
