"""The pages that are made from the code are what their programs make of it."""

from __future__ import annotations

from types import ModuleType

import pytest

from l3kit.tiering.settings.function_table import FUNCTIONS
from tests.programs import api_page, commands_page, functions_page


@pytest.mark.parametrize("program", [api_page, commands_page, functions_page], ids=lambda module: module.__name__)
def test_a_page_that_is_made_from_the_code_is_up_to_date(program: ModuleType) -> None:
    assert program.PAGE.read_text("utf-8") == program.page(), "make pages writes it"


def test_something_public_without_a_docstring_is_refused() -> None:
    def untold() -> None: ...

    with pytest.raises(ValueError, match=r"untold.* has no docstring"):
        api_page._doc(untold)


def test_every_function_has_a_section_with_its_stores_and_permissions() -> None:
    sections = functions_page.page().split("\n## ")[1:]
    assert {section.splitlines()[0] for section in sections} == set(FUNCTIONS)
    for section in sections:
        assert "- Stores: " in section
        assert "logs:PutLogEvents" in section, section


def test_the_page_of_commands_has_the_options_of_each() -> None:
    text = commands_page.page()
    assert "## `l3kit sandbox status`" in text
    assert text.count("\n## `l3kit ") == text.count("-h, --help ")
