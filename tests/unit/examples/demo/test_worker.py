"""A notebook as the demo runs it."""

from __future__ import annotations

from l3kit.examples.demo.worker import section_of


def test_the_section_of_a_cell_is_the_heading_above_it() -> None:
    cells = [
        {"cell_type": "code", "source": "# a comment"},
        {"cell_type": "markdown", "source": "## 1. The `tiers`\n\ntext"},
        {"cell_type": "markdown", "source": "no heading"},
        {"cell_type": "code", "source": "x"},
    ]
    assert [section_of(index, cells) for index in range(4)] == ["", *["1. The `tiers`"] * 3]
