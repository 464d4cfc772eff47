"""Deployed entrances of a twin, writers and readers: their variables are authoritative, and the file follows them.

So a machine that has only the twin's folder changes nothing, and any machine can complete what another began.
The file is used only if a writer cannot be read (a cloud that the session does not reach, a missing permission) or
does not exist yet.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Protocol

from l3kit.errors import ConfigurationError, MissingConnectionError, PermissionMissingError, ProvisioningError
from l3kit.tiering.loopback import is_loopback
from l3kit.tiering.tokens import (
    FORMER_VARIABLE,
    GRACE,
    TOKEN_VARIABLE,
    FormerToken,
    Secret,
    format_end,
    parse_former,
    unexpired,
)
from l3kit.twin.connections import FILE, Connection, DeployedWriter, LinkFile, new_token, variables_digest
from l3kit.twin.layout import Entrance, Link, receiving_cloud

if TYPE_CHECKING:
    from l3kit.twin.config import Twin

NEAR = timedelta(minutes=20)
"""Minimum remaining validity of a former token when its sender gets the current one: a run takes at most 15 minutes."""
MAX_FORMER = 8
"""Maximum number of former tokens, hence of rotations within GRACE; each takes about 65 bytes of the variables."""
CLOCKS_DIFFER = timedelta(hours=1)
"""Tolerance for clocks: an expiry later than GRACE plus this was not set by l3kit."""

log = logging.getLogger(__name__)


def utc_now() -> datetime:
    """Return the wall clock time, UTC."""
    return datetime.now(UTC)


class Ends(Protocol):
    """The part of a cloud that either end of a link needs."""

    def writer(self, twin: Twin, function: str) -> DeployedWriter | None:
        """Return the deployed writer or reader. Raises: PermissionMissingError."""

    def function_variables(self, twin: Twin, function: str) -> Mapping[str, str] | None:
        """Return the variables of a deployed function. Raises: PermissionMissingError."""


@dataclass(frozen=True)
class DeployedLinks:
    """Links of one twin, as one session sees them.

    Attributes:
        cloud: returns a cloud by its name; None if it is not reached.
        now: wall clock, UTC.
    """

    twin: Twin
    file: LinkFile
    cloud: Callable[[str], Ends | None] = field(repr=False)
    now: Callable[[], datetime] = utc_now
    _denied: dict[str, PermissionMissingError] = field(default_factory=dict, repr=False)
    _unsaved: dict[str, Connection] = field(default_factory=dict, repr=False)

    def saved(self, link: str) -> Connection | None:
        """Return the file's links, corrected after `refresh`; never a sandbox's link among real ones."""
        found = self._unsaved.get(link) or self.file.load().get(link)
        strange = found is not None and not self.file.sandbox and is_loopback(found.url)
        return None if strange else found

    def get(self, link: str) -> Connection | None:
        """Return the link as deployed, or as an apply in progress will deploy it; None if it is unknown.

        Raises: PermissionMissingError if reading its writer is not permitted and the file does not contain it.
        """
        return self._seen(link)[0]

    def writer(self, link: str) -> DeployedWriter | None:
        """Return the deployed receiving end; None if there is none, or it cannot be read.

        Raises: PermissionMissingError, under the same conditions as `get`.
        """
        return self._seen(link)[1]

    def address(self, link: Link) -> tuple[str, str]:
        """Url and token of its writer. Raises: MissingConnectionError if one is not known."""
        found = self.get(link.id)
        if found is not None and found.complete:
            return found.url, found.token
        url, token = (bool(found.url), bool(found.token)) if found else (False, False)
        hidden = self.cloud(link.target) is None
        unseen = "Its cloud is not reached here: take the file from where it was deployed, or d"
        first = f"{unseen if hidden else 'D'}eploy the receiving cloud first, or both clouds"
        raise MissingConnectionError(
            f"connection {link.id}",
            f"is incomplete in {FILE}: url={url}, token={token}",
            f"{first}; it saves both. Nothing was done",
        )

    def left_over(self, provider: str) -> tuple[str, ...]:
        """Return entrances of a former layout in the file that were on this cloud."""
        ids = [link for link in self.file.load() if receiving_cloud(link) == provider]
        return tuple(link for link in ids if link not in {one.id for one in self.twin.layout.entrances})

    def refresh(self, clouds: Collection[str] = ()) -> tuple[str, ...]:
        """Update the file from what is deployed.

        Args:
            clouds: update only readers on these, and links with an end there; empty is all.
        Returns: the differences found, in words, without secrets.
        """
        notes: list[str] = []
        for link in reversed(self.twin.layout.entrances):
            if clouds and not set(link.clouds) & set(clouds):
                continue
            try:
                there, writer = self._seen(link.id)
            except PermissionMissingError as error:  # whatever needs this link will raise it
                notes.append(f"{link.id} could not be read: {error}")
                continue
            if link.id in self._denied:
                notes.append(f"{link.id} could not be read, so {FILE} is used: {self._denied[link.id]}")
            elif there is not None and writer is not None and there.token:
                notes += self._keep(link, there)
                if there.replaces:
                    notes.append(f"{link.id}: an interrupted apply created a token that its writer does not have yet")
        return tuple(notes)

    # --- changes ----------------------------------------------------------------------------------------------

    def renew(self, link: str) -> None:
        """Write a new token for an entrance into the file, to be set at its receiver and then at its sender.

        The receiver continues to accept every token that a sender may have: the current one for GRACE from now, and a
        former one if the sender still has it. A reader's callers are unknown, so its former tokens keep their expiry.
        Raises: ProvisioningError after MAX_FORMER rotations within GRACE; PermissionMissingError.
        """
        before, writer = self._seen(link)
        if link in self._denied:
            raise self._denied[link]
        former = self._still_held(link, writer) if writer else ()
        if len(former) > MAX_FORMER:
            soonest = format_end(min(one.until for one in former))
            raise ProvisioningError(
                f"link {link}", f"already has {len(former) - 1} former tokens", f"Rotate again after {soonest}"
            )
        replaces = variables_digest(writer.variables) if writer else ""
        self._save(replace(before or self._empty(link), token=new_token(), former=former, replaces=replaces))

    def has_expiring_token(self, link: str) -> bool:
        """Return whether the sender still has a former token that its writer will soon refuse."""
        return bool(self._ending(link))

    def extend_token(self, link: str) -> None:
        """Extend a former token that is about to expire to GRACE from now."""
        there, writer = self._seen(link)
        ending = self._ending(link)
        if there is None or writer is None or not ending:
            return
        former = tuple(replace(one, until=self._end()) if one.token in ending else one for one in there.former)
        self._save(replace(there, former=former, replaces=variables_digest(writer.variables)))

    def keep_url(self, link: str, url: str) -> None:
        """Save the writer's url."""
        self._save(replace(self.saved(link) or self._empty(link), url=url))

    def forget(self, link: str) -> None:
        """Clear a link whose writer has been removed; its token is worthless without it."""
        self._unsaved.pop(link, None)
        if link in self.file.load():
            self._save(self._empty(link))

    def sender_variables(self, link: str) -> Mapping[str, str] | None:
        """Return the variables of the deployed sender; None if they cannot be read, or there is no sender."""
        ends = self.twin.layout.entrance(link)
        if not isinstance(ends, Link):
            return None
        cloud = self.cloud(ends.source)
        try:
            return cloud.function_variables(self.twin, ends.sender) if cloud else None
        except PermissionMissingError:
            return None

    def _sender_token(self, link: str) -> Secret | None:
        variables = self.sender_variables(link)
        return None if variables is None else Secret(variables.get(TOKEN_VARIABLE, ""))

    # --- reading ----------------------------------------------------------------------------------------------

    def _seen(self, link: str) -> tuple[Connection | None, DeployedWriter | None]:
        saved, ends = self.saved(link), self.twin.layout.entrance(link)
        cloud = self.cloud(ends.target)
        if cloud is None:
            return saved, None
        try:
            writer = cloud.writer(self.twin, ends.receiver)
        except PermissionMissingError as error:
            if saved is None or not saved.token.strip():
                raise
            self._denied[link] = error
            return saved, None
        if writer is None:  # a url without a function is useless
            return replace(saved, url="") if saved else None, None
        return self._resolved(saved or self._empty(link), writer), writer

    def _resolved(self, saved: Connection, writer: DeployedWriter) -> Connection:
        token = Secret(writer.variables.get(TOKEN_VARIABLE, "")).reveal()
        if saved.token.strip() and saved.replaces == variables_digest(writer.variables):
            return replace(saved, url=writer.url)
        return replace(saved, url=writer.url, token=token, former=self._former(writer), replaces="")

    def _former(self, writer: DeployedWriter) -> tuple[FormerToken, ...]:
        """Return the writer's former tokens; none if l3kit did not set them."""
        try:
            found = parse_former(writer.variables.get(FORMER_VARIABLE, ""))
        except ValueError:
            return ()
        latest = self.now() + GRACE + CLOCKS_DIFFER
        return found if all(one.until <= latest for one in found) else ()

    def _still_held(self, link: str, writer: DeployedWriter) -> tuple[FormerToken, ...]:
        """Return the former tokens that the writer must still accept once it has a new token."""
        in_force = Secret(writer.variables.get(TOKEN_VARIABLE, ""))
        former = {one.token: one.until for one in unexpired(self._former(writer), self.now())}
        held, sent = self._sender_token(link), isinstance(self.twin.layout.entrance(link), Link)
        if in_force and held not in former:  # otherwise no sender ever got the current token
            former[in_force] = self._end()
        for token in former:
            if held == token or (held is None and sent):
                former[token] = self._end()
        return tuple(FormerToken(until, token) for token, until in former.items())

    def _ending(self, link: str) -> frozenset[Secret]:
        there, writer = self._seen(link)
        soon = [one for one in there.former if one.until < self.now() + NEAR] if there else []
        if writer is None or not soon:
            return frozenset()
        in_force = Secret(writer.variables.get(TOKEN_VARIABLE, ""))
        taken = {one.token for one in unexpired(soon, self.now())}
        held = self._sender_token(link)
        ending = {one.token for one in soon if one.token in taken and one.token == held}
        if any(one.token == in_force for one in soon) and held in (None, in_force):  # not yet set at the writer
            ending.add(in_force)
        return frozenset(ending)

    # --- the file ---------------------------------------------------------------------------------------------

    def _keep(self, link: Entrance, there: Connection) -> list[str]:
        saved = self.saved(link.id)
        wanted = replace(
            there,
            url=there.url or (saved.url if saved else ""),
            provider=there.provider or link.target,
            function=there.function or link.receiver.replace("-", "_"),
        )
        if wanted == saved:
            return []
        differing = [
            words
            for words, here, deployed in (
                ("url", saved and saved.url, wanted.url),
                ("token", saved and saved.token, wanted.token),
                ("former token", saved.former if saved else (), wanted.former),
            )
            if here != deployed
        ]
        note = f"{FILE}: {' and '.join(differing)} of {link.id} were read back from the deployed {link.role}"
        try:
            self._save(wanted)
        except ConfigurationError as error:
            self._unsaved[link.id] = wanted
            return [f"{note}, but not kept: {error}"]
        log.info("%s", note)
        return [note] if differing else []

    def _save(self, connection: Connection) -> None:
        self.file.save(connection)
        self._unsaved.pop(connection.conn_id, None)

    def _empty(self, link: str) -> Connection:
        entrance = self.twin.layout.entrance(link)
        return Connection(link, "", "", entrance.target, entrance.receiver.replace("-", "_"))

    def _end(self) -> datetime:
        return self.now().replace(microsecond=0) + GRACE
