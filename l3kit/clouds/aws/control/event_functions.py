"""Functions that a twin's events call by name. They are not the twin's: l3kit calls what is there."""

from __future__ import annotations

from collections.abc import Iterable

from l3kit.clouds.aws.control.context import Context
from l3kit.clouds.aws.control.lambda_host import described
from l3kit.errors import PermissionMissingError


def missing_functions(context: Context, names: Iterable[str]) -> tuple[str, ...]:
    """Return notes on those of these functions that are not in the account, or could not be looked up."""
    notes = []
    for name in names:
        where = f"config_events.json calls the function {name}"
        try:
            if described(context, name) is None:
                notes.append(f"{where}, which does not exist in this account and region: deploy it.")
        except PermissionMissingError:
            policy = f"l3kit permissions aws --twin {context.names.twin_name} --calls {name} --json"
            notes.append(
                f"{where}; whether it exists could not be checked: lambda:GetFunction is not allowed on it. "
                f"`{policy}` prints a policy with it."
            )
    return tuple(notes)
