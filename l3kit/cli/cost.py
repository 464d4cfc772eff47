"""`l3kit cost bill | layouts | chunks | plan | refresh`: answers on the command line, as text, JSON or CSV."""

from __future__ import annotations

import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from l3kit.cli.completing import clouds_for_verb
from l3kit.cli.exit_codes import ERROR, SUCCESS, epilog_of
from l3kit.cli.output import Output
from l3kit.cli.verbs import verb

if TYPE_CHECKING:
    import pandas as pd

    from l3kit.cost.analysis.scenario import Scenario
    from l3kit.cost.model.bill import Bill

File = Annotated[
    Path,
    typer.Argument(
        metavar="FILE",
        help="Parameter file: the fields of a workload, layout, regions, prices, budget_usd (docs/reference/cost.md).",
    ),
]
Csv = Annotated[bool, typer.Option("--csv", help="Print the rows as CSV.")]


def add_cost(app: typer.Typer) -> None:
    """Add the noun `cost` with its verbs."""
    cost = typer.Typer(no_args_is_help=True, help="What a workload costs, and where each figure comes from.")
    app.add_typer(cost, name="cost")

    @verb(cost, "bill", epilog=epilog_of("cost bill"))
    def bill(output: Output, file: File, as_csv: Csv = False) -> int:
        """A month's bill, row by row."""
        _check_form(output, as_csv)
        return _bill(_scenario(file), output, as_csv=as_csv)

    @verb(cost, "layouts")
    def layouts(output: Output, file: File, as_csv: Csv = False) -> int:
        """All 27 layouts, the cheapest first."""
        from l3kit.cost.analysis.ranking import rank_layouts

        _check_form(output, as_csv)
        scenario = _scenario(file)
        _print_frame(rank_layouts(scenario.workload, scenario.book, scenario.regions), output, as_csv)
        return SUCCESS

    @verb(cost, "chunks")
    def chunks(output: Output, file: File, as_csv: Csv = False) -> int:
        """The bill by chunk size, 64 KiB to 200 MiB."""
        from l3kit.cost.analysis.sweeps import sweep_chunk_size

        _check_form(output, as_csv)
        scenario = _scenario(file)
        sweep = sweep_chunk_size(scenario.workload, scenario.layout, scenario.book, scenario.regions)
        _print_frame(sweep.to_frame(), output, as_csv)
        if not (output.as_json or as_csv):
            print(f"\n{sweep.summary()}")
        return SUCCESS

    @verb(cost, "plan")
    def plan(output: Output, as_csv: Csv = False) -> int:
        """The project plan's table: 100 MB in chunks of 1 MB and of 5 MB."""
        from l3kit.cost.analysis.seed_tables import chunk_frame
        from l3kit.prices.price_book import load_prices

        _check_form(output, as_csv)
        _print_frame(chunk_frame(load_prices()).reset_index(), output, as_csv)
        return SUCCESS

    @verb(cost, "refresh")
    def refresh(
        output: Output,
        file: Annotated[
            Path, typer.Argument(metavar="FILE", help="The file to write; name it as `prices` in a parameter file.")
        ],
        cloud: Annotated[
            str,
            typer.Option(metavar="CLOUD", autocompletion=clouds_for_verb, help="Cloud of the prices (default: aws)."),
        ] = "",
        region: Annotated[
            str, typer.Option(metavar="REGION", help="Region of the prices (default on AWS: us-east-1).")
        ] = "",
    ) -> int:
        """Read a cloud's list prices into a file that overrides l3kit's."""
        from l3kit.prices.refreshing import refresh_prices

        done = refresh_prices(file, today=datetime.now(UTC).date(), cloud=cloud, region=region)
        content = {"file": str(done.path), "renewed": done.renewed, "left": dict(done.left)}
        output.say(content, f"{done.path}: {len(done.renewed)} prices renewed")
        for name, reason in done.left.items():
            output.tell(f"left: {name}, {reason}")
        return SUCCESS


def _check_form(output: Output, as_csv: bool) -> None:
    if as_csv and output.as_json:
        raise typer.BadParameter("is not allowed with --json: one of them is enough", param_hint="--csv")


def _bill(scenario: Scenario, output: Output, *, as_csv: bool) -> int:
    """Print the bill, and why it is over budget; with --json in one document."""
    from l3kit.errors import BudgetExceededError

    bill, over = scenario.bill(), None
    try:
        scenario.check_budget()
    except BudgetExceededError as error:
        over = error
    if output.as_json:
        problem = {"resource": over.resource, "cause": over.cause, "remedy": over.remedy} if over else None
        output.document({**bill.to_json(), **({"error": problem} if problem else {})})
    elif as_csv:
        print(bill.to_csv(), end="")
    else:
        print(_bill_text(bill))
    _warn(bill, scenario, output)
    if over:
        print(f"l3kit: {over}", file=sys.stderr)
    return ERROR if over else SUCCESS


def _scenario(path: Path) -> Scenario:
    """Read the scenario, ignoring parameters that only notebooks use; paths are relative to the project."""
    from l3kit.cost.analysis.scenario import load_scenario
    from l3kit.cost.report.parameters import NOTEBOOK_KEYS
    from l3kit.errors import ConfigurationError
    from l3kit.notebook.project import project_root

    try:
        folder = project_root(path.parent)
    except ConfigurationError:
        folder = path.parent
    return load_scenario(path, ignored=NOTEBOOK_KEYS, folder=folder)


def _warn(bill: Bill, scenario: Scenario, output: Output) -> None:
    """Warn on stderr about old and unconfirmed prices."""
    stale = scenario.book.stale(datetime.now(UTC).date(), bill.keys)
    unconfirmed = scenario.book.unconfirmed(bill.keys)
    for words, figures in (("older than a year or undated", stale), ("not confirmed", unconfirmed)):
        if figures:
            names = ", ".join(str(figure.key) for figure in figures[:3]) + (" ..." if len(figures) > 3 else "")
            output.tell(f"warning: {len(figures)} of {len(bill.keys)} prices are {words}: {names}")


def _bill_text(bill: Bill) -> str:
    from l3kit.cost.model.amounts import format_usd

    lines = [bill.title]
    for part, total in bill.by_part().items():
        lines.append(f"\n{part:<62} {total!s:>14}")
        for row in (r for r in bill.rows if r.part == part):
            quantity = "unknown" if row.quantity is None else f"{row.quantity:,.4f}"
            mark = "" if row.confirmed else "  price not confirmed"
            item = f"{row.item} ({row.key.provider} {row.key.service})"
            lines.append(
                f"  {item:<60} {format_usd(row.amount):>14}  {quantity} {row.unit}, {row.kind}, "
                f"{row.as_of or 'undated'}{mark}"
            )
    lines.append(f"\n{'total':<62} {bill.total!s:>14}")
    return "\n".join(lines)


def _print_frame(frame: pd.DataFrame, output: Output, as_csv: bool) -> None:
    if output.as_json:
        output.document([{str(name): _plain(value) for name, value in row.items()} for row in frame.to_dict("records")])
    elif as_csv:
        print(frame.map(_plain).to_csv(index=False, lineterminator="\n"), end="")
    else:
        print(frame.map(_cell).to_string(index=False))


def _plain(value: Any) -> Any:
    from decimal import Decimal

    if isinstance(value, Decimal):
        return f"{value.normalize():f}"
    return "unknown" if value is None or value != value else value


def _cell(value: Any) -> str:
    from decimal import Decimal

    if isinstance(value, Decimal | float) and value == value:
        return f"{value:,.4f}".rstrip("0").rstrip(".")
    return "unknown" if value is None or value != value else str(value)
