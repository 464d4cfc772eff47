"""The report as one HTML page: an executed notebook without code, laid out for A4, self-contained."""

from __future__ import annotations

import copy
import re
from html import escape
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from nbformat import NotebookNode

LEFT_OUT = ("not-in-report", "papermill-error-cell-tag")
"""Tags of hidden cells."""
_DOCS_LINK = re.compile(r"\[([^\]]+)\]\(\.\./(docs/[^)]+)\)")
_COLOURS = re.compile(r"\x1b\[[0-9;]*m")
STYLE = """
@page { size: A4; margin: 14mm 15mm 16mm;
  @bottom-right { content: counter(page) " / " counter(pages); font: 8pt sans-serif; color: #555; } }
* { box-sizing: border-box; }
body { font: 9.5pt/1.4 "DejaVu Sans", "Liberation Sans", Arial, sans-serif; color: #111; max-width: 180mm;
  margin: auto; }
h1 { font-size: 15pt; line-height: 1.2; margin: 0 0 2mm; }
h2 { font-size: 12.5pt; margin: 7mm 0 1mm; }
h3 { font-size: 11pt; margin: 2mm 0; }
h1, h2, h3 { break-after: avoid; }
a.anchor-link { display: none; }
p { margin: 1.5mm 0; break-inside: avoid; }
.text_cell, .code_cell:has(pre):not(:has(img)) { break-after: avoid; }
img { max-width: 100%; height: auto; display: block; break-inside: avoid; margin: 1mm 0; }
pre { font: inherit; white-space: pre-wrap; margin: 1.5mm 0; }
table { border-collapse: collapse; font-size: 7.2pt; line-height: 1.2; margin: 1.5mm 0; width: 100%; }
thead { display: table-header-group; }
tr, td, th { break-inside: avoid; }
tr.strong { break-after: avoid; }
tr.strong:last-child { break-before: avoid; break-after: auto; }
td, th { border-bottom: 0.2mm solid #ccc; padding: 0.7mm 1.2mm; text-align: left; vertical-align: top;
  overflow-wrap: anywhere; }
thead th { border-bottom: 0.3mm solid #333; }
table.l3-figures { font-size: 9pt; margin: 3mm 0; width: calc(100% - 0.5mm); }
table.l3-figures td { border: 0.3mm solid #999; padding: 2.5mm; }
.l3-small { font-size: 8.5pt; }
.l3-small ul { margin: 1mm 0 2mm; padding-left: 5mm; }
.celltag_end-of-page { break-after: page; }
.celltag_new-page { break-before: page; }
.failed { border: 0.6mm solid #000; padding: 2mm 3mm; margin: 0 0 3mm; font-weight: bold; }
"""


def report_html(notebook: NotebookNode, title: str, failure: str = "") -> str:
    """The whole page.

    Args:
        notebook: executed.
        title: title of the page.
        failure: the notebook's failure, shown at the top of the page.
    """
    from nbconvert import HTMLExporter
    from traitlets.config import Config

    settings = Config()
    settings.TagRemovePreprocessor.enabled = True
    settings.TagRemovePreprocessor.remove_cell_tags = set(LEFT_OUT)
    exporter = HTMLExporter(
        config=settings,
        template_name="basic",
        exclude_input=True,
        exclude_input_prompt=True,
        exclude_output_prompt=True,
    )
    exporter.log.setLevel("ERROR")
    body, _ = exporter.from_notebook_node(_for_readers(notebook))
    failed = f'<div class="failed">{escape(failure)}</div>' if failure else ""
    head = f'<meta charset="utf-8"/><title>{escape(title)}</title><style>{STYLE}</style>'
    return (
        f'<!DOCTYPE html>\n<html lang="en"><head>{head}</head>\n'
        f"<body>{failed}<h1>{escape(title)}</h1>\n{body}</body></html>\n"
    )


def failure_of(notebook: NotebookNode) -> str:
    """The name and message of the failed cell's error; empty if none failed."""
    return next((found for cell in notebook.cells if (found := _error_of(cell))), "")


def _error_of(cell: NotebookNode) -> str:
    for output in cell.get("outputs", []):
        if output.output_type == "error":
            return f"{output.ename}: {_COLOURS.sub('', output.evalue)}"
    return ""


def _for_readers(notebook: NotebookNode) -> NotebookNode:
    """Return the notebook up to a failed cell, without tracebacks, output on stderr, and links that would be dead."""
    shown = copy.deepcopy(notebook)
    failed = [number for number, cell in enumerate(shown.cells) if _error_of(cell)]
    shown.cells = shown.cells[: failed[0] + 1] if failed else shown.cells
    for cell in shown.cells:
        if cell.cell_type == "markdown":
            cell.source = _DOCS_LINK.sub(r"\1 (\2)", cell.source)
        elif cell.cell_type == "code":
            cell.outputs = [
                output for output in cell.outputs if output.output_type != "error" and output.get("name") != "stderr"
            ]
    return shown
