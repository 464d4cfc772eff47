"""docs/reference/api.md is what its command makes of the docstrings."""

from __future__ import annotations

import pytest

from tests.programs.api_page import PAGE, _doc, page


def test_the_page_of_the_api_is_up_to_date() -> None:
    assert PAGE.read_text("utf-8") == page(), "make api-page writes it"


def test_something_public_without_a_docstring_is_refused() -> None:
    def untold() -> None: ...

    with pytest.raises(ValueError, match=r"untold.* has no docstring"):
        _doc(untold)
