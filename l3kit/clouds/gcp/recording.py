"""A recording of the control plane's requests and answers, without anything that tells whose project it was. No I/O."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

from l3kit.clouds.gcp.control.traffic import Exchange
from l3kit.errors import CheckFailedError
from l3kit.tiering.tokens import FORMER_VARIABLE, TOKEN_VARIABLE

HEADERS = ("content-type", "retry-after")
"""Headers of an answer that mean something to its reader."""
ETAG = "abcdef0123A="
"""Stands for every etag, which must remain base64."""
WHOLE: Mapping[str, str] = {
    **dict.fromkeys(("token", "accessToken", "idToken", "nextPageToken", TOKEN_VARIABLE, FORMER_VARIABLE), "${token}"),
    **dict.fromkeys(("uniqueId", "oauth2ClientId"), "${accountNumber}"),
    **dict.fromkeys(("uid", "keyPrefix"), "${uniqueId}"),
    "etag": ETAG,
    "billingAccountName": "billingAccounts/${billingId}",
    "uploadUrl": "${upload}",
}
"""Fields whose value goes as a whole."""
DROPPED = frozenset({"auditConfigs", "displayNames", "tags"})
"""Fields that say something about others in the project."""
LISTS = frozenset({"accounts", "databases", "functions", "items", "jobs", "roles", "subscriptions", "topics"})
"""Lists with resources that may be others' in the project: of them remain the twin's."""
_GOOGLES = re.compile(r"[\w.-]+@[\w.-]*(?:gcp-sa-[\w-]+|gcf-admin-robot|serverless-robot-prod|developer|cloudservices)")
_EMAIL = re.compile(r"[\w.+%-]+(?:@|%40)(?:[\w-]+\.)+[A-Za-z]{2,}")
_PATTERNS: tuple[tuple[re.Pattern[str], str], ...] = (
    (re.compile(r"eyJ[\w-]{8,}(?:\.[\w-]+){1,2}|ya29\.[\w.-]+"), "${token}"),
    (re.compile(r"(?<=pageToken=)[^&\"$]+"), "${token}"),
    (re.compile(r"\b[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}\b"), "${uniqueId}"),
    (re.compile(r"(?<=-)[a-z0-9]{10}(?=-[a-z]{2}\.a\.run\.app)"), "${urlId}"),
    (re.compile(r"(?<=projects/)\d+|(?<=organizations/)\d+|(?<=folders/)\d+"), "${projectNumber}"),
    (re.compile(r"(?<![0-9A-Za-z])\d{10,}(?![0-9A-Za-z])"), "${number}"),
)
_SECRETS = re.compile(r"eyJ[\w-]{8,}\.|ya29\.|-----BEGIN|X-Goog-Signature|AIza[\w-]{20,}", re.IGNORECASE)


class Recorder:
    """Keeps each exchange of a session.

    Args:
        twin: the name of the twin whose resources remain in the recording.
        texts: what to replace wherever it is, by placeholder: a project's id, its number, and the like.
        secrets: returns texts that must not be in it, such as the access token of the moment.
    """

    def __init__(
        self, twin: str, texts: Callable[[], Mapping[str, str]], secrets: Callable[[], Sequence[str]] = lambda: ()
    ) -> None:
        self._twin, self._texts, self._secrets = twin, texts, secrets
        self._seen: list[Exchange] = []

    def __call__(self, exchange: Exchange) -> None:
        self._seen.append(exchange)

    def text(self) -> str:
        """Return the recording, one JSON object a line; what is repeated unchanged is there once.

        Raises: CheckFailedError if anything in it looks like a secret, or tells the project.
        """
        texts = {text: placeholder for text, placeholder in self._texts().items() if text}
        lines = list(dict.fromkeys(map(json.dumps, _cleaned_all(self._seen, self._twin, texts))))
        found = "".join(f"{line}\n" for line in lines)
        check_clean(found, (*texts, *self._secrets()))
        return found


def check_clean(text: str, secrets: Sequence[str]) -> None:
    """Raise CheckFailedError if a recording has one of these texts, an address of a person, or a token."""
    people = [one for one in _EMAIL.findall(text) if not one.endswith(".gserviceaccount.com")]
    found = {
        "the project or an account": any(one and one in text for one in secrets),
        "somebody's address": bool(people),
        "a token or a key": bool(_SECRETS.search(text)),
    }
    if kinds := [kind for kind, is_there in found.items() if is_there]:
        cause = f"would tell {', '.join(kinds)}; it was not written"
        raise CheckFailedError(
            "the recording", cause, "The report is complete without it; report this as a fault of l3kit"
        )


def _cleaned_all(seen: Sequence[Exchange], twin: str, texts: Mapping[str, str]) -> Iterator[dict[str, Any]]:
    for one in seen:
        line = {
            "file": f"first-light/{twin}",
            "method": one.method,
            "url": one.url,
            "body": one.body,
            "status": one.status,
            "headers": {name: text for name, text in one.headers.items() if name.lower() in HEADERS},
            "response": one.answer,
        }
        yield {name: _cleaned(value, twin, texts) for name, value in line.items()}


def _cleaned(value: Any, twin: str, texts: Mapping[str, str], name: str = "") -> Any:
    match value:
        case str():
            return WHOLE[name] if name in WHOLE else _cleaned_text(value, twin, texts)
        case list():
            ours = [one for one in value if name not in LISTS or _names(one, twin)]
            if name == "bindings":
                ours = [kept for one in ours if (kept := _binding(one, twin))]
            return [_cleaned(one, twin, texts) for one in ours]
        case dict():
            inner = {key: one for key, one in value.items() if key not in DROPPED}
            if "projectId" in inner and "state" in inner:  # the project itself
                inner = {key: one for key, one in inner.items() if key not in ("displayName", "labels", "parent")}
            return {_cleaned_text(key, twin, texts): _cleaned(one, twin, texts, key) for key, one in inner.items()}
    return value


def _names(one: Any, twin: str) -> bool:
    """Return whether an entry of a list is the twin's; one of another kind stays."""
    name = str(one.get("name", "")) if isinstance(one, dict) else ""
    return not name or twin in name or twin.replace("-", "_") in name or "generation" in one


def _binding(one: Mapping[str, Any], twin: str) -> dict[str, Any] | None:
    """Return a binding without members that are neither the twin's nor Google's; None if none remains."""
    members = [member for member in one.get("members", ()) if _is_ours(str(member), twin)]
    return {**one, "members": members} if members else None


def _is_ours(member: str, twin: str) -> bool:
    kind, _, who = member.partition(":")
    ours = who.startswith(f"{twin}-") or bool(_GOOGLES.match(who))
    return member == "allUsers" or kind.startswith("project") or (kind == "serviceAccount" and ours)


def _cleaned_text(text: str, twin: str, texts: Mapping[str, str]) -> str:
    for secret in sorted(texts, key=len, reverse=True):
        text = text.replace(secret, texts[secret])
    for pattern, placeholder in _PATTERNS:
        text = pattern.sub(placeholder, text)
    return _EMAIL.sub(lambda found: _cleaned_email(found[0], twin), text)


def _cleaned_email(email: str, twin: str) -> str:
    """Return an address of the twin or of Google's own accounts; a placeholder for anybody else's."""
    ours = email.startswith(f"{twin}-") or bool(_GOOGLES.match(email))
    return email if ours and email.endswith(".gserviceaccount.com") else "${email}"
