"""A twin that answers as it is told, and keeps what it was asked."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any, Self

from l3kit.cli import main
from l3kit.errors import L3Error

EXAMPLE = str(Path(__file__).parents[2] / "params" / "twins" / "nyc-weather")


class Answering:
    """Has a method for each answer, which returns it, or raises it if it is an error.

    Attributes:
        asked: each call: the method's name, then its arguments.
    """

    def __init__(self, **answers: Any) -> None:
        self._answers = answers
        self.asked: list[tuple[str, tuple[Any, ...], dict[str, Any]]] = []
        self.config = SimpleNamespace(name="nyc-weather")
        self.sandbox = "default"

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *error: object) -> None:
        return None

    def __getattr__(self, name: str) -> Callable[..., Any]:
        if name.startswith("_") or name not in self._answers:
            raise AttributeError(name)

        def answer(*arguments: Any, **named: Any) -> Any:
            self.asked.append((name, arguments, named))
            found = self._answers[name]
            if isinstance(found, L3Error):
                raise found
            return found

        return answer

    def command(self, verb: str, *arguments: str) -> int:
        """Run a verb on this twin, whose folder is the example's."""
        twin: Any = self
        return main([verb, EXAMPLE, *arguments], connect=lambda reach, output: twin)
