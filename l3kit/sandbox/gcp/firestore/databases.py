"""The databases of the server, by full name: `projects/{project}/databases/{database}`."""

from __future__ import annotations

import grpc

from l3kit.sandbox.gcp.firestore.refusal import CallRefusedError

DEFAULT = "(default)"
"""Every project has one from the start."""


def is_default(name: str) -> bool:
    """Return whether this is the full name of a project's first database."""
    return name.endswith(f"/{DEFAULT}")


class Databases:
    """Those that have been made."""

    def __init__(self) -> None:
        self._made: set[str] = set()

    def made(self, name: str) -> None:
        self._made.add(name)

    def gone(self, name: str) -> None:
        self._made.discard(name)

    def check(self, name: str) -> None:
        """Check that a database exists. Raises: CallRefusedError."""
        if not is_default(name) and name not in self._made:
            _, project, _, database = name.split("/")
            message = (
                f"The database {database} does not exist for project {project} Please visit "
                f"https://console.cloud.google.com/datastore/setup?project={project} to add a Cloud Datastore or Cloud "
                "Firestore database. "
            )
            raise CallRefusedError(grpc.StatusCode.NOT_FOUND, message)
