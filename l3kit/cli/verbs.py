"""Verbs of the command line: each is a function with annotated parameters, plus the options that all verbs share.

The parameter `output` stands for `--json`, `--quiet` and `--verbose`; the parameter `place` for the twin and its
target. So no verb can lack one of these options, or name it differently.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterator, Mapping
from typing import Annotated, Any

import typer

from l3kit.cli.output import Output, reported
from l3kit.cli.place import of_context, place_parameters

HELP_OPTIONS = {"help_option_names": ["-h", "--help"]}
"""Set for each verb itself, since a verb keeps the help options of the first context in which it is asked."""
_PARAMETER = inspect.Parameter.KEYWORD_ONLY


def verb(app: typer.Typer, name: str, *, epilog: str | None = None) -> Callable[[Callable[..., int]], None]:
    """Add a verb to the command line.

    Its docstring is its help; it returns the exit code. `output.reported` reports its errors.

    Args:
        epilog: below the options in its help.
    """

    def add(function: Callable[..., int]) -> None:
        parameters = inspect.signature(function, eval_str=True).parameters

        def run(**given: Any) -> int:
            output = Output(given.pop("as_json"), given.pop("quiet"), given.pop("verbose"))
            context = given.pop("context")

            def work() -> int:
                if "place" in parameters:
                    given["place"] = of_context(context, output, given)
                return function(**{name: output if name == "output" else given[name] for name in parameters})

            return reported(output, work)

        declared = list(_declared(parameters))
        run.__signature__ = inspect.Signature(declared, return_annotation=int)  # type: ignore[attr-defined]
        run.__annotations__ = {one.name: one.annotation for one in declared}
        run.__doc__ = function.__doc__
        app.command(name, epilog=epilog, context_settings=HELP_OPTIONS)(run)

    return add


def _declared(parameters: Mapping[str, inspect.Parameter]) -> Iterator[inspect.Parameter]:
    """The parameters that typer sees, the shared ones last."""
    if "place" in parameters:
        yield from place_parameters()
    yield from (p.replace(kind=_PARAMETER) for p in parameters.values() if p.name not in ("output", "place"))
    yield inspect.Parameter("context", _PARAMETER, annotation=typer.Context)
    yield from inspect.signature(_shared, eval_str=True).parameters.values()


def _shared(
    *,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON document, an error's too.")] = False,
    quiet: Annotated[bool, typer.Option("--quiet", "-q", help="Print only the result and errors.")] = False,
    verbose: Annotated[bool, typer.Option("--verbose", "-v", help="Print every step.")] = False,
) -> None:
    """The options of every verb."""
