"""Letters in the order in which their messages were received, in little memory."""

from __future__ import annotations

import pickle
import tempfile
from collections.abc import Iterator
from types import TracebackType

from l3kit.operate.letters.chosen import Found
from l3kit.tiering.format.item_times import moment_of


class Spool:
    """Keeps letters in an unnamed temporary file until they are needed; memory holds three numbers of each.

    Used in a `with` statement. A full disk raises OSError, before anything is sent or deleted.
    """

    def __init__(self) -> None:
        self._file = tempfile.TemporaryFile()  # noqa: SIM115 (closed by __exit__)
        self._places: list[tuple[int, int, int]] = []

    def __enter__(self) -> Spool:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._file.close()

    def __len__(self) -> int:
        return len(self._places)

    def add(self, found: Found) -> None:
        """Keep a letter. The time when it was written stands for an unknown time of receipt."""
        content = pickle.dumps(found, pickle.HIGHEST_PROTOCOL)
        moment = moment_of(found.received or found.info.modified)
        self._places.append((moment, self._file.tell(), len(content)))
        self._file.write(content)

    def oldest_first(self) -> Iterator[Found]:
        """Yield all letters, oldest first; those of the same moment in the order in which they were added."""
        self._places.sort()
        for _, offset, length in self._places:
            self._file.seek(offset)
            found: Found = pickle.loads(self._file.read(length))
            yield found
