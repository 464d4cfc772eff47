"""An executed notebook of the cost report."""

from __future__ import annotations

import nbformat
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook, new_output


def result(text: str) -> nbformat.NotebookNode:
    return new_output("execute_result", {"text/plain": text, "text/html": f"<p>{text}</p>"})


def notebook(*outputs: nbformat.NotebookNode) -> nbformat.NotebookNode:
    return new_notebook(
        cells=[
            new_markdown_cell("Formulas are in [cost](../docs/reference/cost.md)."),
            new_code_cell("secret_of_the_code = 1", outputs=[result("shown")]),
            new_code_cell("x", outputs=[result("left out")], metadata={"tags": ["not-in-report"]}),
            new_code_cell("y", outputs=list(outputs)),
            new_markdown_cell("## The end"),
        ]
    )
