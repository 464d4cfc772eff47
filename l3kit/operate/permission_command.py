"""`l3kit permissions CLOUD`: permissions that the operator of a twin needs, as a table or as a policy."""

from __future__ import annotations

import argparse
import sys
from typing import TYPE_CHECKING, Any

from l3kit.errors import ConfigurationError
from l3kit.providers import live_names
from l3kit.twin.naming import check_twin_name

if TYPE_CHECKING:
    from l3kit.clouds.aws.control.permissions import Verb


def add_permissions(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add the `permissions` command to the parser."""
    about = "what you need to be allowed, by verb: a table, or with --json a policy for one twin"
    permissions = commands.add_parser("permissions", help=about, description=about.capitalize() + ".")
    permissions.add_argument("cloud", choices=live_names(), help="the cloud; for now AWS alone")
    permissions.add_argument("--verbs", nargs="+", metavar="VERB", help="only what these need (default: all)")
    permissions.add_argument("--json", action="store_true", help="print a policy document; needs --twin")
    permissions.add_argument("--twin", metavar="NAME", default="", help="digital_twin_name of the twin")
    permissions.add_argument("--account", metavar="ID", default="*", help="12 digits (default: any account)")
    permissions.add_argument("--region", metavar="REGION", default="*", help="such as us-east-1 (default: any region)")
    managed_help = "with --json: one document a line, each short enough for a customer managed policy"
    source_help = "with --json: the table that `load --from-table` copies (default: none is allowed)"
    permissions.add_argument("--from-table", metavar="NAME", default="", help=source_help)
    permissions.add_argument("--managed", action="store_true", help=managed_help)
    permissions.set_defaults(run=_permissions)


def _permissions(options: argparse.Namespace) -> int:
    from l3kit.clouds.aws.control.permissions import permission_table

    verbs = _verbs(options.verbs)
    if not options.json:
        print(permission_table(verbs))
        return 0
    for line in _documents(options, verbs):
        print(line)
    return 0


def _verbs(given: list[str] | None) -> tuple[Verb, ...]:
    from l3kit.clouds.aws.control.permissions import VERBS

    strange = sorted(set(given or ()) - set(VERBS))
    if strange:
        raise ConfigurationError("--verbs", f"{', '.join(strange)}: not known", f"Known: {', '.join(VERBS)}")
    return tuple(verb for verb in VERBS if not given or verb in given)


def _documents(options: argparse.Namespace, verbs: tuple[Verb, ...]) -> list[str]:
    import json

    from l3kit.clouds.aws.control.operator_policy import Scope, managed_policies, operator_policy
    from l3kit.clouds.aws.control.policy_limits import MANAGED_POLICY, ROLE_POLICIES, compact

    if not options.twin:
        raise ConfigurationError("--twin", "is missing", "Name the twin whose resources the policy is to allow")
    policy: dict[str, Any] = operator_policy(
        Scope(check_twin_name(options.twin), options.account, options.region, options.from_table), verbs
    )
    if options.managed:
        return [compact(part) for part in managed_policies(policy)]
    if (length := len(compact(policy))) > MANAGED_POLICY:
        note = (
            f"{length:,} characters: fits a role's inline policies ({ROLE_POLICIES:,}), not a customer managed policy"
        )
        print(f"l3kit: {note} ({MANAGED_POLICY:,}): use --managed for those", file=sys.stderr)
    return [json.dumps(policy, indent=2)]
