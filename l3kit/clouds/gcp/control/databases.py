"""The twin's own Firestore database, with the index and the settings of its collections."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, TypeVar

from l3kit.clouds.gcp.control.owner_notes import OwnerNote, Ownership
from l3kit.clouds.gcp.control.place import FIRESTORE, SEEN_LIMIT, Place
from l3kit.clouds.gcp.control.refusals import explained, is_concurrent, is_taken, unless_missing
from l3kit.clouds.gcp.data.item_reads import ITEMS
from l3kit.clouds.gcp.data.journal_store import EXPIRES
from l3kit.clouds.ports.changes import Difference, change, differs
from l3kit.clouds.ports.control import Refusal
from l3kit.clouds.ports.resources import AlreadyThereError, Finding
from l3kit.clouds.shared.drift import alike_in_any_case, drift
from l3kit.errors import ProvisioningError

T = TypeVar("T")
ROLE = "roles/datastore.owner on the project"
CREATE_LIMIT, DELETE_LIMIT = 600.0, 600.0
FREE_LIMIT = 420.0
"""Maximum seconds until the id of a deleted database can be used again: Google Cloud says five minutes."""
SETTING_LIMIT = 1800.0
"""Maximum seconds until an index or the setting of a field is in force; on existing documents it takes minutes."""
NO_ENTRIES, DESCENDING = "index entries of each field of an item", "index of items, newest first"
PROTECTION, OWNER = "deletion protection", "note of its owner"
NATIVE = "FIRESTORE_NATIVE"
_ON, _OFF = "DELETE_PROTECTION_ENABLED", "DELETE_PROTECTION_DISABLED"


@dataclass(frozen=True)
class Database:
    """One database. A note in it tells its owner; one without a note that holds nothing is the twin's, not finished.

    Attributes:
        journal: the collection whose records expire.
        protected: whether Firestore itself refuses to delete it; None leaves that as it is.
    """

    place: Place
    database: str
    twin_name: str
    journal: str
    protected: bool | None = None
    kind: str = field(default="database", init=False)
    holds_data: bool = field(default=True, init=False)

    @property
    def name(self) -> str:
        return self.database

    def compare(self) -> Finding:
        with explained(f"database {self.database}", ROLE):
            there = self._read()
            if there is None:
                return Finding.missing({"location": self.place.region, PROTECTION: self.protected})
            owner = self._owner(there)
            if owner.stranger is not None:
                return Finding(True, owned=False, stranger=owner.stranger)
            found = [*self._differences(there), *self._differences_of_collections()]
            if not owner.noted:
                found.append(differs(OWNER, OWNER, None, self.twin_name))
            protected = there.get("deleteProtectionState") == _ON and self.protected is not False
            return Finding.of(True, found, protected=protected, fault=self._fault(there))

    def create(self) -> None:
        with explained(f"database {self.database}", ROLE):
            self._once_free(self._create)
            self._wait_until_seen()
            self._note.write()
            self._complete()

    def update(self) -> None:
        with explained(f"database {self.database}", ROLE):
            self._wait_until_seen()
            there = self._read() or {}
            if not self._ours(there).noted:
                self._note.write()
            if self._differences(there):
                self._patch("", self._wanted(), "deleteProtectionState", "deletion protection", CREATE_LIMIT)
            self._complete()

    def delete(self) -> None:
        """Delete the database with all its documents, indexes and settings."""
        with explained(f"database {self.database}", ROLE):
            there = self._read()
            if there is None:
                return
            self._ours(there)
            if there.get("deleteProtectionState") == _ON:
                off = {"deleteProtectionState": _OFF}
                self._patch("", off, "deleteProtectionState", "deletion protection", CREATE_LIMIT)
            begun = self._once_free_of_others(
                lambda: unless_missing(lambda: self.place.control.delete(FIRESTORE, self._path))
            )
            if begun is not None:
                self.place.control.wait(FIRESTORE, begun, f"database {self.database} is gone", DELETE_LIMIT)
            what = f"database {self.database} is gone"
            self.place.patience.wait(lambda: self._read() is None, what, SEEN_LIMIT)

    def _create(self) -> None:
        control = self.place.control
        wanted = {"type": NATIVE, "locationId": self.place.region, **self._wanted()}
        try:
            parent, query = f"v1/projects/{self.place.project}/databases", {"databaseId": self.database}
            begun = control.post(FIRESTORE, parent, wanted, query)
            control.wait(FIRESTORE, begun, f"database {self.database} is there", CREATE_LIMIT)
        except Refusal as refusal:
            if is_taken(refusal) and not _rests(refusal):
                self._wait_until_seen(CREATE_LIMIT)  # perhaps an earlier request is still making it
                raise AlreadyThereError(f"database {self.database}", "exists already") from None
            raise

    def _complete(self) -> None:
        """Make what the collections need, each only if it differs."""
        missing = {one.words for one in self._differences_of_collections()}
        if NO_ENTRIES in missing:
            body: dict[str, Any] = {"indexConfig": {"indexes": []}}
            self._patch(f"/collectionGroups/{ITEMS}/fields/*", body, "indexConfig", NO_ENTRIES, SETTING_LIMIT)
        if DESCENDING in missing:
            self._make_index()
        if self._expiry in missing:
            path = f"/collectionGroups/{self.journal}/fields/{EXPIRES}"
            self._patch(path, {"ttlConfig": {}}, "ttlConfig", self._expiry, None)

    def _make_index(self) -> None:
        path = f"{self._path}/collectionGroups/{ITEMS}/indexes"
        fields = [{"fieldPath": "__name__", "order": "DESCENDING"}]
        try:
            begun = self._once_free_of_others(
                lambda: self.place.control.post(FIRESTORE, path, {"queryScope": "COLLECTION", "fields": fields})
            )
            self.place.control.wait(FIRESTORE, begun, f"{DESCENDING}, in database {self.database}", SETTING_LIMIT)
        except Refusal as refusal:
            if not is_taken(refusal):  # an earlier request, whose answer was lost, is still making it
                raise
            what = f"{DESCENDING}, in database {self.database}"
            self.place.patience.wait(lambda: self._has_index(), what, SETTING_LIMIT)

    def _patch(self, path: str, body: Mapping[str, Any], mask: str, what: str, limit: float | None) -> None:
        begun = self._once_free_of_others(
            lambda: self.place.control.patch(FIRESTORE, f"{self._path}{path}", body, {"updateMask": mask})
        )
        if limit is not None:  # a TTL that is being set up is usable
            self.place.control.wait(FIRESTORE, begun, f"{what} of database {self.database} is set", limit)

    def _wanted(self) -> dict[str, Any]:
        return {} if self.protected is None else {"deleteProtectionState": _ON if self.protected else _OFF}

    def _differences(self, there: Mapping[str, Any]) -> list[Difference]:
        words = {"deleteProtectionState": PROTECTION}
        return drift(self._wanted(), there, words=words, same={"deleteProtectionState": _same_protection})

    def _differences_of_collections(self) -> Iterator[Difference]:
        get = self.place.control.get
        groups = f"{self._path}/collectionGroups"
        entries = (unless_missing(lambda: get(FIRESTORE, f"{groups}/{ITEMS}/fields/*")) or {}).get("indexConfig")
        if entries is None or entries.get("usesAncestorConfig") or entries.get("indexes"):
            yield Difference(NO_ENTRIES, (change(NO_ENTRIES, "on", "off"),))
        if not self._has_index():
            yield differs(DESCENDING, DESCENDING, None, True)
        expiry = unless_missing(lambda: get(FIRESTORE, f"{groups}/{self.journal}/fields/{EXPIRES}")) or {}
        if expiry.get("ttlConfig", {}).get("state", "NEEDS_REPAIR") == "NEEDS_REPAIR":
            yield differs(self._expiry, self._expiry, None, True)

    def _has_index(self) -> bool:
        path = f"{self._path}/collectionGroups/{ITEMS}/indexes"
        there = unless_missing(lambda: self.place.control.get(FIRESTORE, path)) or {}
        return any(one.get("state") == "READY" for one in there.get("indexes", ()) if _is_descending(one))

    def _fault(self, there: Mapping[str, Any]) -> ProvisioningError | None:
        location = there.get("locationId")
        if alike_in_any_case(self.place.region, location):
            return None
        cause = f"its locationId is {location}, not {self.place.region}, which cannot be changed"
        remedy = "Choose the twin's region to match, or destroy the twin with its data first"
        return ProvisioningError(f"database {self.database}", cause, remedy)

    def _owner(self, there: Mapping[str, Any]) -> Ownership:
        if there.get("type") == NATIVE:
            return self._note.read()
        cause = f"is of the type {there.get('type')}, which l3kit makes none of"  # and whose documents it cannot read
        return Ownership(False, self._note.refused(cause, "Rename the twin"))

    def _ours(self, there: Mapping[str, Any]) -> Ownership:
        """Return the ownership of a database of this twin. Raises: ProvisioningError for any other."""
        owner = self._owner(there)
        if owner.stranger is not None:
            raise owner.stranger
        return owner

    def _once_free_of_others(self, call: Callable[[], T]) -> T:
        """Repeat a change while another one of the database is under way."""
        what = f"no other change of database {self.database} is under way"
        return self.place.patience.retry_while(call, is_concurrent, what, SETTING_LIMIT)

    def _once_free(self, create: Callable[[], None]) -> None:
        what = f"the id of database {self.database} can be used again after a deletion"
        self.place.patience.retry_while(create, _rests, what, FREE_LIMIT)

    def _wait_until_seen(self, limit: float = SEEN_LIMIT) -> None:
        what = f"database {self.database} is found"
        self.place.patience.wait(lambda: self._read() is not None, what, limit)

    def _read(self) -> dict[str, Any] | None:
        return unless_missing(lambda: self.place.control.get(FIRESTORE, self._path))

    @property
    def _note(self) -> OwnerNote:
        return OwnerNote(self.place, self.database, self.twin_name)

    @property
    def _expiry(self) -> str:
        return f"expiry of records in {self.journal}"

    @property
    def _path(self) -> str:
        return f"v1/projects/{self.place.project}/databases/{self.database}"


def _is_descending(index: Mapping[str, Any]) -> bool:
    fields = [(one.get("fieldPath"), one.get("order")) for one in index.get("fields", ())]
    return fields == [("__name__", "DESCENDING")]


def _same_protection(wanted: object, there: object) -> bool:
    """An answer without it means that there is none."""
    return wanted == (there or _OFF)


def _rests(refusal: Refusal) -> bool:
    """Return whether the id is that of a database that was deleted a short time ago."""
    words = refusal.message.lower()
    return refusal.status in (400, 409) and ("retry in" in words or "not available" in words or "recently" in words)
