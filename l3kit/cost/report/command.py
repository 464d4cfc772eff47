"""`l3kit cost bill | layouts | chunks | plan | refresh`: answers on the command line, as text, JSON or CSV."""

from __future__ import annotations

import argparse
import json
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import pandas as pd

    from l3kit.cost.analysis.scenario import Scenario
    from l3kit.cost.model.bill import Bill

_FILE_HELP = "parameter file: the fields of a workload, layout, regions, prices, budget_usd (docs/cost.md)"


def add_cost(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add `cost` and its verbs to the command line."""
    about = "what a workload costs on a layout, and where each figure comes from"
    cost = commands.add_parser("cost", help=about, description=about.capitalize() + ".")
    verbs = cost.add_subparsers(dest="verb", required=True, metavar="VERB")

    form = argparse.ArgumentParser(add_help=False)
    kinds = form.add_mutually_exclusive_group()
    kinds.add_argument("--json", action="store_true", help="print the result as JSON")
    kinds.add_argument("--csv", action="store_true", help="print the rows as CSV")
    asked = argparse.ArgumentParser(add_help=False)
    asked.add_argument("file", type=Path, help=_FILE_HELP)

    bill = verbs.add_parser("bill", parents=[asked, form], help="a month's bill, row by row; 1 if over the budget")
    bill.set_defaults(run=_bill)
    layouts = verbs.add_parser("layouts", parents=[asked, form], help="all 27 layouts, the cheapest first")
    layouts.set_defaults(run=_layouts)
    chunks = verbs.add_parser("chunks", parents=[asked, form], help="the bill by chunk size, 64 KiB to 200 MiB")
    chunks.set_defaults(run=_chunks)
    plan = verbs.add_parser("plan", parents=[form], help="the plan's table: 100 MB in chunks of 1 MB and of 5 MB")
    plan.set_defaults(run=_plan)
    refresh = verbs.add_parser("refresh", parents=[form], help="read AWS list prices into a file to lay over l3kit's")
    refresh.add_argument("file", type=Path, help="the file to write; name it as `prices` in a parameter file")
    refresh.add_argument("--region", default="us-east-1", help="AWS region (default: us-east-1)")
    refresh.set_defaults(run=_refresh)


def _bill(options: argparse.Namespace) -> int:
    scenario = _scenario(options.file)
    bill = scenario.bill()
    if options.json:
        print(json.dumps(bill.to_json(), indent=2, ensure_ascii=False))
    elif options.csv:
        print(bill.to_csv(), end="")
    else:
        print(_bill_text(bill))
    _warn(bill, scenario)
    scenario.check_budget()
    return 0


def _layouts(options: argparse.Namespace) -> int:
    from l3kit.cost.analysis.ranking import rank_layouts

    scenario = _scenario(options.file)
    _print_frame(rank_layouts(scenario.workload, scenario.book, scenario.regions), options)
    return 0


def _chunks(options: argparse.Namespace) -> int:
    from l3kit.cost.analysis.sweeps import sweep_chunk_size

    scenario = _scenario(options.file)
    sweep = sweep_chunk_size(scenario.workload, scenario.layout, scenario.book, scenario.regions)
    _print_frame(sweep.to_frame(), options)
    if not (options.json or options.csv):
        print(f"\n{sweep.summary()}")
    return 0


def _plan(options: argparse.Namespace) -> int:
    from l3kit.cost.analysis.seed_tables import chunk_frame
    from l3kit.prices.price_book import load_prices

    _print_frame(chunk_frame(load_prices()).reset_index(), options)
    return 0


def _refresh(options: argparse.Namespace) -> int:
    from l3kit.clouds.aws.price_list import refresh_prices

    done = refresh_prices(options.file, today=datetime.now(UTC).date(), region=options.region)
    if options.json:
        print(json.dumps({"file": str(done.path), "renewed": done.renewed, "left": dict(done.left)}, indent=2))
    else:
        print(f"{done.path}: {len(done.renewed)} prices renewed")
        for name, reason in done.left.items():
            print(f"left: {name}, {reason}", file=sys.stderr)
    return 0


def _scenario(path: Path) -> Scenario:
    """Notebooks take the same files, so what only they use is passed over; paths are relative to the project."""
    from l3kit.cost.analysis.scenario import load_scenario
    from l3kit.cost.report.parameters import NOTEBOOK_KEYS
    from l3kit.errors import ConfigurationError
    from l3kit.notebook.project import project_root

    try:
        folder = project_root(path.parent)
    except ConfigurationError:
        folder = path.parent
    return load_scenario(path, ignored=NOTEBOOK_KEYS, folder=folder)


def _warn(bill: Bill, scenario: Scenario) -> None:
    """Old and unconfirmed prices, on stderr, so that the output stays what it is."""
    stale = scenario.book.stale(datetime.now(UTC).date(), bill.keys)
    unconfirmed = scenario.book.unconfirmed(bill.keys)
    for words, figures in (("older than a year or undated", stale), ("not confirmed", unconfirmed)):
        if figures:
            names = ", ".join(str(figure.key) for figure in figures[:3]) + (" ..." if len(figures) > 3 else "")
            print(f"warning: {len(figures)} of {len(bill.keys)} prices are {words}: {names}", file=sys.stderr)


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


def _print_frame(frame: pd.DataFrame, options: argparse.Namespace) -> None:
    if options.json:
        rows = [{str(name): _plain(value) for name, value in row.items()} for row in frame.to_dict("records")]
        print(json.dumps(rows, indent=2))
    elif options.csv:
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
