"""Authentication of a twin's links as deployed, and the change between tokens and signatures without a gap.

A receiver changes before its sender: with tokens it accepts signatures as well, and with signatures it accepts the
token for GRACE after the change. As with tokens, the writer's variables are authoritative.
"""

from __future__ import annotations

from collections.abc import Mapping

from l3kit.clouds.ports.deployed_links import CLOCKS_DIFFER, NEAR, DeployedLinks
from l3kit.errors import ConfigurationError
from l3kit.tiering.link_auth import TOKEN, Authentication
from l3kit.tiering.tokens import GRACE
from l3kit.twin.layout import Link


def sender_authentication(links: DeployedLinks) -> Authentication:
    """Return the authentication that the twin's senders use, by its config."""
    return Authentication(links.twin.config.link_auth == "signature")


def receiver_authentication(links: DeployedLinks, link: Link) -> Authentication:
    """Return the authentication that the link's receiver is to accept, by the twin's config and the deployed one.

    A receiver that changes to signatures accepts the token for GRACE from now; so does one whose sender still sends
    the token and would soon be refused. Otherwise the deployed time stays, so that no plan shows a change.

    Raises: PermissionMissingError.
    """
    if not sender_authentication(links).signed:
        return TOKEN
    now = links.now().replace(microsecond=0)
    sender, writer = links.sender_variables(link.id), links.writer(link.id)
    sends_token = sender is not None and not deployed(sender).signed
    there = deployed(writer.variables) if writer else Authentication(signed=not sends_token)
    if not there.signed:
        return Authentication(True, now + GRACE)
    until = there.token_until
    if until is not None and until > now + GRACE + CLOCKS_DIFFER:  # not set by l3kit
        until = None
    if sends_token and (until is None or until < now + NEAR):
        until = now + GRACE
    return Authentication(True, until)


def accepted(links: DeployedLinks, link: Link) -> Authentication:
    """Return the authentication that the deployed receiver accepts; if it cannot be read, that of the twin's config."""
    writer = links.writer(link.id)
    return deployed(writer.variables) if writer else sender_authentication(links)


def check_receiver_first(links: DeployedLinks, link: Link) -> None:
    """Check that a sender does not change before its receiver, where it is deployed without it.

    Raises: ConfigurationError naming both ends and the remedy; PermissionMissingError.
    """
    writer, wanted = links.writer(link.id), sender_authentication(links)
    if writer is not None and deployed(writer.variables).signed != wanted.signed:
        raise ConfigurationError(
            f"config.json of {links.twin.name}: link_auth",
            f"is {links.twin.config.link_auth}, which {link.receiver} on {link.target} does not know yet",
            f"Deploy {link.source} and {link.target} together. Nothing was done",
        )


def deployed(variables: Mapping[str, str]) -> Authentication:
    """The authentication in a deployed function's variables; TOKEN if that is not readable."""
    try:
        return Authentication.from_env(variables)
    except ConfigurationError:
        return TOKEN
