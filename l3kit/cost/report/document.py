"""`make cost-report`: cost_analysis.ipynb for a scenario file, as HTML and PDF for decision makers, and JSON and CSV.

Headless Chromium prints the PDF; without it only the HTML is written.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from l3kit.cost.report.report_page import failure_of, report_html
from l3kit.errors import L3Error
from l3kit.files import os_errors_reported, write_whole
from l3kit.notebook.project import project_root

if TYPE_CHECKING:
    from nbformat import NotebookNode

NOTEBOOK = "notebooks/cost_analysis.ipynb"
DEFAULT_PARAMS = Path("params/cost_analysis.sandbox.yaml")
DEFAULT_OUT = Path("build/cost")
BROWSERS = ("chromium", "chromium-browser", "google-chrome-stable", "google-chrome", "chrome")
NO_BROWSER = (
    f"No PDF: none of {', '.join(BROWSERS)} was found. Install one, such as Debian's `apt-get install chromium`, or "
    "name yours by --browser; any browser also prints the HTML"
)
PRINT_SECONDS = 120
PLOTS_FOR_PRINT = "figure.dpi: 170\n"
"""Matplotlib's settings; its defaults suffice on a notebook's screen."""


@dataclass(frozen=True, slots=True)
class Files:
    """Paths of one scenario's report files."""

    notebook: Path
    html: Path
    pdf: Path
    result: Path
    csv: Path

    @classmethod
    def of(cls, params: Path, out: Path) -> Files:
        """Paths named after the scenario file."""
        return cls(*(out / f"{params.stem}.{suffix}" for suffix in ("ipynb", "html", "pdf", "json", "csv")))

    def remove(self) -> None:
        """Delete an earlier report, so that its files are not mistaken for the new one's."""
        for path in (self.notebook, self.html, self.pdf, self.result, self.csv):
            path.unlink(missing_ok=True)

    def made(self) -> list[Path]:
        """Existing report files, human-readable ones first."""
        return [path for path in (self.pdf, self.html, self.result, self.csv) if path.exists()]


def run_notebook(params: Path, files: Files, root: Path) -> str:
    """Execute the notebook with papermill. Returns: papermill's message if a cell failed, else nothing."""
    command = [sys.executable, "-m", "papermill", "--no-progress-bar", "-k", "python3", "--cwd", str(root)]
    command += [str(root / NOTEBOOK), str(files.notebook), "-f", str(params), "-p", "result_path", str(files.result)]
    with tempfile.TemporaryDirectory(prefix="l3kit-plots-") as folder:
        settings = Path(folder) / "matplotlibrc"
        settings.write_text(PLOTS_FOR_PRINT, "utf-8")
        environment = {**os.environ, "MATPLOTLIBRC": str(settings)}
        done = subprocess.run(command, capture_output=True, text=True, env=environment, check=False)
    if done.returncode == 0:
        return ""
    lines = [line for line in done.stderr.splitlines() if line.strip()]
    return lines[-1] if lines else f"papermill ended with exit code {done.returncode}"


def render(files: Files, failure: str) -> None:
    """Write the HTML of an executed notebook, without its code."""
    import nbformat

    notebook: NotebookNode = nbformat.read(files.notebook, as_version=4)
    result: dict[str, Any] = json.loads(files.result.read_text("utf-8")) if files.result.exists() else {}
    title = str(result.get("summary", "The report is incomplete"))
    write_whole(files.html, report_html(notebook, title, failure_of(notebook) or failure))


def find_browser(names: Sequence[str] = BROWSERS) -> str | None:
    """The first of these programs that is on the PATH."""
    return next((path for name in names if (path := shutil.which(name))), None)


def print_pdf(browser: str, html: Path, pdf: Path) -> None:
    """Print a page to a PDF. Raises: L3Error with the end of the browser's output if it writes none."""
    with tempfile.TemporaryDirectory(prefix="l3kit-print-") as profile:
        command = [browser, "--headless", "--disable-gpu", "--no-pdf-header-footer", f"--user-data-dir={profile}"]
        if os.geteuid() == 0:
            command.append("--no-sandbox")  # as root Chromium refuses to start with its sandbox
        command += [f"--print-to-pdf={pdf}", html.resolve().as_uri()]
        try:
            done = subprocess.run(command, capture_output=True, text=True, timeout=PRINT_SECONDS, check=False)
            said = done.stderr
        except subprocess.TimeoutExpired:
            said = f"no end after {PRINT_SECONDS} s"
        except OSError as error:
            said = str(error)
    if not pdf.exists() or not pdf.stat().st_size:
        last = " ".join(said.split()[-30:]) or "it printed nothing"
        raise L3Error(pdf.name, f"{browser} did not print it: {last}", "The HTML exists; print it by hand")


def make_report(params: Path, out: Path, root: Path, browser: str | None) -> tuple[Files, str]:
    """Run, render and print.

    Args:
        params: scenario file, as params/cost_analysis.sandbox.yaml.
        browser: program that prints; None writes no PDF.
    Returns: the files, and the notebook's failure (empty if none), which its HTML shows at the top.
    Raises: L3Error if the notebook could not start, the browser printed nothing, or a file cannot be written.
    """
    files = Files.of(params, out)
    with os_errors_reported(str(out)):
        out.mkdir(parents=True, exist_ok=True)
        files.remove()
    failure = run_notebook(params, files, root)
    if not files.notebook.exists():
        raise L3Error(NOTEBOOK, f"did not begin: {failure.rstrip('.')}", "Check that the scenario file is YAML")
    render(files, failure)
    if browser is not None:
        print_pdf(browser, files.html, files.pdf)
    return files, failure


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the program. Returns: the exit code, 0 if the notebook passed; a bill over its budget fails it."""
    parser = argparse.ArgumentParser(prog="python -m l3kit.cost.report.document", description=__doc__)
    parser.add_argument("--params", type=Path, default=DEFAULT_PARAMS, help=f"scenario file ({DEFAULT_PARAMS})")
    parser.add_argument("--out", type=Path, default=DEFAULT_OUT, help=f"folder for the report ({DEFAULT_OUT})")
    parser.add_argument("--browser", help="program that prints the PDF; without it Chromium or Chrome is looked for")
    parser.add_argument("--no-pdf", action="store_true", help="make the HTML only")
    options = parser.parse_args(arguments)
    root = project_root()
    params, out = root / options.params, root / options.out
    if not params.is_file():
        parser.error(f"{options.params} is not a file; params/ holds cost_analysis.*.yaml")
    browser = None if options.no_pdf else options.browser or find_browser()
    try:
        files, failure = make_report(params, out, root, browser)
    except L3Error as error:
        print(error, file=sys.stderr)
        return 1
    for path in files.made():
        print(path.relative_to(root) if path.is_relative_to(root) else path)
    if browser is None and not options.no_pdf:
        print(NO_BROWSER, file=sys.stderr)
    if failure:
        print(failure, file=sys.stderr)
    return 1 if failure else 0


if __name__ == "__main__":
    sys.exit(main())
