"""`l3kit permissions CLOUD`: permissions that the operator of a twin needs, as a table or as a policy."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Annotated

import typer

from l3kit.cli.completing import clouds_for_verb
from l3kit.cli.exit_codes import SUCCESS
from l3kit.cli.output import Output
from l3kit.cli.values import listed
from l3kit.cli.verbs import verb
from l3kit.errors import ConfigurationError

if TYPE_CHECKING:
    from l3kit.clouds.ports.operator_permissions import Verb


def check_cloud(name: str) -> str:
    """Return the name of a cloud. Raises: typer.BadParameter if it is unknown."""
    from l3kit.providers import is_known, names

    if not is_known(name):
        raise typer.BadParameter(f"{name!r} is not one of {', '.join(names())}")
    return name


CloudName = Annotated[
    str,
    typer.Argument(
        metavar="CLOUD",
        callback=check_cloud,
        autocompletion=clouds_for_verb,
        help="The cloud; so far AWS or Google Cloud.",
    ),
]


def add_permissions(app: typer.Typer) -> None:
    """Add the verb `permissions`."""

    @verb(app, "permissions")
    def permissions(
        output: Output,
        cloud: CloudName,
        verbs: Annotated[
            list[str] | None,
            typer.Option(metavar="VERB[,...]", help="Only permissions that these verbs need (default: all)."),
        ] = None,
        twin: Annotated[str, typer.Option(metavar="NAME", help="digital_twin_name, for a policy.")] = "",
        account: Annotated[str, typer.Option(metavar="ID", help="Of AWS: 12 digits; * is any account.")] = "*",
        region: Annotated[
            str, typer.Option(metavar="REGION", help="Of AWS, such as us-east-1; * is any region.")
        ] = "*",
        from_table: Annotated[
            str, typer.Option(metavar="NAME", help="The table that load --from-table copies, for a policy.")
        ] = "",
        calls: Annotated[
            list[str] | None,
            typer.Option(metavar="NAME[,...]", help="Functions that events call by name, for a policy."),
        ] = None,
        managed: Annotated[
            bool,
            typer.Option(
                "--managed", help="With --json: a list of documents, each short enough for a customer managed policy."
            ),
        ] = False,
    ) -> int:
        """Show the permissions that an operator needs, by verb. With --json, prints a policy for the twin of --twin."""
        from l3kit.clouds.ports.operator_permissions import PolicyScope, operator_permissions
        from l3kit.twin.naming import check_twin_name

        needed, chosen = operator_permissions(cloud), _verbs(listed(verbs))
        if not output.as_json:
            print(needed.table(chosen))
            return SUCCESS
        if not twin:
            raise ConfigurationError("--twin", "is missing", "Name the twin whose resources the policy covers")
        scope = PolicyScope(check_twin_name(twin), account, region, from_table, tuple(listed(calls)))
        policy = needed.policy(scope, chosen)
        if policy.note and not managed:
            output.tell(f"l3kit: {policy.note}")
        output.document(policy.parts if managed else policy.document)
        return SUCCESS


def _verbs(given: Sequence[str]) -> tuple[Verb, ...]:
    from l3kit.clouds.ports.operator_permissions import VERBS
    from l3kit.given_values import did_you_mean

    if strange := sorted(set(given) - set(VERBS)):
        raise ConfigurationError("--verbs", f"{', '.join(strange)}: not known", did_you_mean(strange[0], VERBS))
    return tuple(verb for verb in VERBS if not given or verb in given)
