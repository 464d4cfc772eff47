"""`l3kit permissions CLOUD`: permissions that the operator of a twin needs, as a table or as a policy."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Annotated, Any

import typer

from l3kit.cli.completing import live_clouds
from l3kit.cli.exit_codes import SUCCESS
from l3kit.cli.output import Output
from l3kit.cli.values import listed
from l3kit.cli.verbs import verb
from l3kit.errors import ConfigurationError

if TYPE_CHECKING:
    from l3kit.clouds.aws.control.operator_policy import Scope
    from l3kit.clouds.aws.control.permissions import Verb


def check_live_cloud(name: str) -> str:
    """Return the name of a cloud whose real accounts l3kit works on. Raises: typer.BadParameter for any other."""
    from l3kit.providers import live_names

    if name not in live_names():
        raise typer.BadParameter(f"{name!r} is not one of {', '.join(live_names())}, the clouds for this so far")
    return name


LiveCloud = Annotated[
    str,
    typer.Argument(
        metavar="CLOUD", callback=check_live_cloud, autocompletion=live_clouds, help="The cloud; for now AWS alone."
    ),
]


def add_permissions(app: typer.Typer) -> None:
    """Add the verb `permissions`."""

    @verb(app, "permissions")
    def permissions(
        output: Output,
        cloud: LiveCloud,
        verbs: Annotated[
            list[str] | None, typer.Option(metavar="VERB[,...]", help="Only what these need (default: all).")
        ] = None,
        twin: Annotated[str, typer.Option(metavar="NAME", help="digital_twin_name, for a policy.")] = "",
        account: Annotated[str, typer.Option(metavar="ID", help="12 digits; * is any account.")] = "*",
        region: Annotated[str, typer.Option(metavar="REGION", help="Such as us-east-1; * is any region.")] = "*",
        from_table: Annotated[
            str, typer.Option(metavar="NAME", help="The table that load --from-table copies, for a policy.")
        ] = "",
        managed: Annotated[
            bool,
            typer.Option(
                "--managed", help="With --json: a list of documents, each short enough for a customer managed policy."
            ),
        ] = False,
    ) -> int:
        """Tell what an operator must be allowed, by verb. With --json it is a policy for the twin of --twin."""
        from l3kit.clouds.aws.control.operator_policy import Scope
        from l3kit.clouds.aws.control.permissions import permission_table
        from l3kit.twin.naming import check_twin_name

        chosen = _verbs(listed(verbs))
        if not output.as_json:
            print(permission_table(chosen))
            return SUCCESS
        if not twin:
            raise ConfigurationError("--twin", "is missing", "Name the twin whose resources the policy is to allow")
        scope = Scope(check_twin_name(twin), account, region, from_table)
        output.document(_policy(scope, chosen, output, managed=managed))
        return SUCCESS


def _verbs(given: Sequence[str]) -> tuple[Verb, ...]:
    from l3kit.clouds.aws.control.permissions import VERBS
    from l3kit.given_values import did_you_mean

    if strange := sorted(set(given) - set(VERBS)):
        raise ConfigurationError("--verbs", f"{', '.join(strange)}: not known", did_you_mean(strange[0], VERBS))
    return tuple(verb for verb in VERBS if not given or verb in given)


def _policy(scope: Scope, verbs: tuple[Verb, ...], output: Output, *, managed: bool) -> Any:
    from l3kit.clouds.aws.control.operator_policy import managed_policies, operator_policy
    from l3kit.clouds.aws.control.policy_limits import MANAGED_POLICY, ROLE_POLICIES, compact

    policy = operator_policy(scope, verbs)
    if managed:
        return managed_policies(policy)
    if (length := len(compact(policy))) > MANAGED_POLICY:
        note = (
            f"{length:,} characters: fits a role's inline policies ({ROLE_POLICIES:,}), not a customer managed policy"
        )
        output.tell(f"l3kit: {note} ({MANAGED_POLICY:,}): use --managed for those")
    return policy
