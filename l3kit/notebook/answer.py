"""The common form of the answers of a twin's methods."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import pandas as pd


class Answer(ABC):
    """An answer in three forms: a sentence, a table, and plain values. `print` and Jupyter show it whole."""

    __slots__ = ()

    @abstractmethod
    def summary(self) -> str:
        """One sentence, the same for the same outcome."""

    @abstractmethod
    def to_frame(self) -> pd.DataFrame:
        """The answer as a pandas frame."""

    @abstractmethod
    def to_json(self) -> dict[str, Any]:
        """Plain values for a result file, without secrets; `summary` is the sentence."""


class CheckedAnswer(Answer):
    """An answer that may report a failure, for which only `raise_if_failed` raises."""

    __slots__ = ()

    @abstractmethod
    def raise_if_failed(self) -> None:
        """Raise CheckFailedError if something failed, with the reasons and the remedies."""
