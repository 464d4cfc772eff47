"""Write docs/reference/api.md from the docstrings: `python -m tests.programs.api_page`."""

from __future__ import annotations

import dataclasses
import inspect
import re
import sys
import typing
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from types import ModuleType

import l3kit
from l3kit.deploy import ApplyResult
from l3kit.deploy.open_plan import OpenPlan
from l3kit.notebook.answer import Answer, CheckedAnswer
from l3kit.operate.alarms.report import AlarmsReport
from l3kit.operate.audit.report import AuditReport
from l3kit.operate.erase.report import ErasePlan, EraseReport
from l3kit.operate.explain.page import DevicePage
from l3kit.operate.forecast import Forecast
from l3kit.operate.history.answer import RunHistory
from l3kit.operate.holds.report import HoldReport
from l3kit.operate.inventory import TiersReport
from l3kit.operate.journal import JournalReport, TierObjects
from l3kit.operate.letters.listing import LettersReport
from l3kit.operate.letters.outcomes import LettersReplay
from l3kit.operate.load.report import LoadReport
from l3kit.operate.logs.report import LogsReport
from l3kit.operate.movers import MoverRun
from l3kit.operate.open_twin import OpenTwin
from l3kit.operate.pauses.report import PauseReport
from l3kit.operate.query import QueryResult
from l3kit.operate.runs import MoverRuns
from l3kit.operate.simulate.publication import Publication
from l3kit.operate.verify.report import VerifyReport

PAGE = Path(__file__).resolve().parents[2] / "docs" / "reference" / "api.md"
SECTION = re.compile(r"^(Args|Attributes|Returns|Raises): *(.*)$")
ANSWERS = (
    *(OpenPlan, ApplyResult, Publication, MoverRun, MoverRuns, QueryResult, DevicePage),
    *(VerifyReport, TiersReport, TierObjects, JournalReport, LettersReport, LettersReplay, LoadReport),
    *(LogsReport, AuditReport, RunHistory, AlarmsReport, Forecast, PauseReport),
    *(HoldReport, ErasePlan, EraseReport),
)
FORMS = {name for kind in (Answer, CheckedAnswer) for name in kind.__abstractmethods__}
HEAD = """# The Python API

For programs and notebooks that use l3kit: everything that `import l3kit` offers.

Made from the docstrings by `make pages`; change those, not this page.

```python
import l3kit

with l3kit.open("params/twins/nyc-weather", target="sandbox") as twin:
    twin.plan().apply()
    twin.run_mover("hot-to-cold-mover", time="2014-01-01T00:00:00Z").raise_if_failed()
    found = twin.query("JFK", "2013-06-01", "2013-06-30")
    print(found.summary())
    frame = found.to_frame()
```
"""


def page() -> str:
    """The page's text."""
    parts = [HEAD, "## What `l3kit` exports\n", *_exports()]
    parts += ["## `open`\n", *_callable("l3kit.open", l3kit.open)]
    parts += ["## `OpenTwin`\n", *_of_class(OpenTwin, shown=())]
    parts += ["## Answers\n", *_prose(Answer), "| method | what it gives |\n|---|---|"]
    parts += [f"| `{name}()` | {_first(getattr(kind, name))} |" for kind, name in _forms()]
    parts += ["", f"{_names(CheckedAnswer)} have `raise_if_failed` too.\n"]
    for kind in ANSWERS:
        parts += [f"### `{kind.__name__}`\n", *_of_class(kind, shown=FORMS)]
    return re.sub(r"\n{3,}", "\n\n", "\n".join(parts)).rstrip() + "\n"


def _exports() -> Iterator[str]:
    yield "| name | what it is |\n|---|---|"
    for name in l3kit.__all__:
        yield f"| `l3kit.{name}` | {_first(getattr(l3kit, name))} |"
    yield ""


def _forms() -> Iterator[tuple[type, str]]:
    yield from ((Answer, name) for name in ("summary", "to_frame", "to_json"))
    yield CheckedAnswer, "raise_if_failed"


def _names(kind: type) -> str:
    names = [f"`{answer.__name__}`" for answer in ANSWERS if issubclass(answer, kind)]
    return f"{', '.join(names[:-1])} and {names[-1]}"


def _of_class(kind: type, *, shown: typing.Collection[str]) -> Iterator[str]:
    """A class, then its public methods and properties that are not yet shown, in source order."""
    yield from _prose(kind)
    parents = [parent for parent in kind.__mro__ if parent.__module__.startswith("l3kit.")]
    members: dict[str, object] = {}
    for parent in reversed(parents):
        members |= {name: value for name, value in vars(parent).items() if name[0] != "_"}
    slots = {field.name for field in dataclasses.fields(kind)} if dataclasses.is_dataclass(kind) else set()
    for name, value in members.items():
        if name in {*shown, *slots, "sheet"}:
            if name == "to_frame":
                yield from _member(f"to_frame{_signature(value).partition(' ->')[0]}", value)
        elif not callable(value):
            yield from _member(name, value)
        elif kind is OpenTwin:
            yield from [f"### `{name}`\n", *_callable(f"twin.{name}", value)]
        else:
            yield from _member(f"{name}{_signature(value)}", value)
    yield ""


def _member(name: str, value: object) -> Iterator[str]:
    """A list item, with its docstring's arguments and errors below it."""
    prose, *items = [line.strip() for line in _prose(value) if line.strip()]
    yield f"- `{name}`: {prose}"
    yield from (f"    {item}" for item in items)


def _callable(name: str, made: Callable[..., object]) -> Iterator[str]:
    yield f"```text\n{name}{_signature(made)}\n```\n"
    yield from _prose(made)


def _signature(made: object) -> str:
    signature = inspect.signature(made)  # type: ignore[arg-type]
    given = [one for one in signature.parameters.values() if one.name != "self"]
    text = re.sub(r"(: |-> )'([^']*)'", r"\1\2", str(signature.replace(parameters=given)))
    text = re.sub(r"<built-in [^>]*>", "...", text)
    return re.sub(r"\b(?:movers|runs|report|inventory|publication)\.(?=[A-Z])", "", text).replace("'", '"')


def _prose(value: object) -> Iterator[str]:
    """Convert a docstring to Markdown, with its sections as lists."""
    lines = _doc(value).splitlines()
    head = next((number for number, line in enumerate(lines) if SECTION.match(line)), len(lines))
    for paragraph in "\n".join(lines[:head]).strip().split("\n\n"):
        yield f"{_joined(paragraph)}\n"
    yield from _sections(lines[head:])
    yield ""


def _sections(lines: Sequence[str]) -> Iterator[str]:
    title = ""
    item: list[str] = []
    for line in [*lines, "Raises:"]:
        found = SECTION.match(line)
        begins = found or re.match(r"^    \S", line)
        if begins and item:
            yield _item(title, " ".join(item))
            item = []
        if found:
            title = found[1]
            item = [found[2]] if found[2] else []
        elif line.strip():
            item.append(line.strip())


def _item(title: str, text: str) -> str:
    if title in ("Returns", "Raises"):
        return f"- {title}: {text}"
    names, _, meaning = text.partition(": ")
    return f"- `{names}`: {meaning}"


def _first(value: object) -> str:
    return _joined(_doc(value).split("\n\n")[0])


def _joined(text: str) -> str:
    return " ".join(text.split())


def _doc(value: object) -> str:
    """The docstring of a public name. Raises: ValueError if it has none of its own."""
    text = inspect.getdoc(value)
    if not text or (not isinstance(value, ModuleType) and text.startswith(f"{getattr(value, '__name__', '?')}(")):
        raise ValueError(f"{value!r} has no docstring")
    return text


def main() -> int:
    """Write the page."""
    PAGE.write_text(page(), "utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
