"""`l3kit run` and `l3kit verify`: run a deployed mover, and check what is deployed."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Annotated

import typer

from l3kit.cli.completing import cloud_list, movers
from l3kit.cli.exit_codes import CHECKS_FAILED, SUCCESS, epilog_of
from l3kit.cli.output import Output
from l3kit.cli.place import Place
from l3kit.cli.values import listed
from l3kit.cli.verbs import verb
from l3kit.errors import CheckFailedError

if TYPE_CHECKING:
    from l3kit.operate.forecast import Forecast
    from l3kit.twin.config import Twin


def add_running(app: typer.Typer) -> None:
    """Add the verbs that call deployed functions."""

    @verb(app, "run", epilog=epilog_of("run"))
    def run(
        output: Output,
        place: Place,
        mover: Annotated[
            str | None,
            typer.Argument(
                metavar="MOVER",
                help="hot-to-cold-mover, cold-to-archive-mover or archive-expirer.",
                show_default=False,
                autocompletion=movers,
            ),
        ] = None,
        time: Annotated[
            str | None, typer.Option(metavar="ISO", help="Time of reference of the run (default: now).")
        ] = None,
        dry_run: Annotated[
            bool,
            typer.Option("--dry-run", help="Show what would be moved or deleted, and the cost of moving; do nothing."),
        ] = False,
    ) -> int:
        """Run a deployed mover or the expirer to its end. The command waits until it has done all it can."""
        from l3kit.given_values import check_known
        from l3kit.twin.layout import SCHEDULED

        place, function = place.before(mover, "MOVER")
        check_known("mover", [function], SCHEDULED)
        if dry_run:
            with place.open() as twin:
                _tell(twin.forecast(function, time=time), twin.config, output)
            return SUCCESS
        with place.open() as twin:
            result = twin.run_mover(function, time=time)
        output.answer(result)
        try:
            result.raise_if_failed()
        except CheckFailedError as error:
            print(f"l3kit: {error}", file=sys.stderr)
            return CHECKS_FAILED
        return SUCCESS

    @verb(app, "verify", epilog=epilog_of("verify"))
    def verify(
        output: Output,
        place: Place,
        canary: Annotated[
            bool,
            typer.Option(
                "--canary/--no-canary",
                help="Send a message through the chain to the hot tier and on to the cold tier, and remove it.",
            ),
        ] = True,
        clouds: Annotated[
            list[str] | None,
            typer.Option(
                metavar="CLOUD[,...]",
                autocompletion=cloud_list,
                help="Check only the parts on these clouds (default: all).",
            ),
        ] = None,
    ) -> int:
        """Check links, functions, schedules and drift. The keys in the hot tier are checked too."""
        with place.open() as twin:
            report = twin.verify(clouds=listed(clouds), canary=canary)
        output.answer(report)
        return CHECKS_FAILED if report.failed else SUCCESS


def _tell(found: Forecast, twin: Twin, output: Output) -> None:
    """Print what would be moved or deleted, with its cost by the price book."""
    from l3kit.cost.analysis.forecast import cost_of
    from l3kit.cost.model.amounts import format_usd
    from l3kit.prices.price_book import load_prices
    from l3kit.twin.layout import MOVERS

    cost = cost_of(found, twin, load_prices())
    if output.as_json:
        output.document({**found.to_json(), "cost": cost.bill.to_json() if cost else None})
        return
    output.answer(found)
    if cost:
        total = cost.bill.total
        unknown = f", and {total.unknown} prices that are not known" if total.unknown else ""
        print(f"It would cost about {format_usd(total.known)}{unknown}, by list prices without the free tier:")
        print(f"  {', '.join(f'{count:,.0f} {name}' for name, count in cost.requests.items())}")
    did = "read the due items" if found.function == MOVERS[0] else "listed the tier and looked at each due object"
    output.tell(f"Counting {did} once; on a real account that is billed as requests.")
