"""The index of the demo's pages: the verdict, failures first, then each act's notebooks with their summaries."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from html import escape
from pathlib import Path

from l3kit.examples.demo.frame import page
from l3kit.examples.demo.scenes import Act, Outcome
from l3kit.tiering.counts import count_of

STYLE = """
.verdict { font-size: 1.15rem; padding: .9rem 1.1rem; border: 1px solid var(--line); border-left: 6px solid;
  border-radius: 6px; background: var(--soft); }
.verdict.ok { border-left-color: var(--good); } .verdict.failed { border-left-color: var(--bad); }
.verdict strong { font-weight: 650; } .failed-one { border: 1px solid var(--line); border-left: 6px solid var(--bad);
  border-radius: 6px; padding: .25rem 1.1rem 1rem; margin: 1rem 0; }
.failed-one pre { white-space: pre-wrap; overflow-wrap: anywhere; background: var(--soft); border-radius: 6px; }
.act { width: 100%; } .act td:first-child { width: 19rem; } .act td:last-child { text-align: right;
  white-space: nowrap; color: var(--faint); } .act th:last-child { text-align: right; }
.act .name { font-weight: 600; } .mark { display: inline-block; width: 1.3em; font-weight: 700; }
.mark.ok { color: var(--good); } .mark.failed { color: var(--bad); } .mark.not { color: var(--faint); }
.docs { columns: 16rem; padding-left: 1.2rem; } .docs li { break-inside: avoid; margin-bottom: .3rem; }
"""
HEAD = "<thead><tr><th scope=col>Notebook</th><th scope=col>Result</th><th scope=col>Time</th></tr></thead>"
MARKS = {"ok": ("ok", "\u2713"), "failed": ("failed", "\u2717"), "not run": ("not", "\u2013")}
REMEDY = "On its page the cell that failed is marked in red. After fixing it, run the whole demo again: make demo"


@dataclass(frozen=True, slots=True)
class Facts:
    """Facts of the run: its seconds, its end, and the version of l3kit."""

    seconds: float
    ended: str
    version: str


def verdict_of(outcomes: Sequence[Outcome], seconds: float) -> str:
    """`All 11 notebooks passed in 1 min 14 s.`, or how many did not."""
    took = duration(seconds)
    failed = sum(outcome.verdict == "failed" for outcome in outcomes)
    left = sum(outcome.verdict == "not run" for outcome in outcomes)
    count = count_of(len(outcomes), "notebook")
    if not failed:
        return f"{'All ' if len(outcomes) > 1 else ''}{count} passed in {took}."
    rest = f", and {left} {'was' if left == 1 else 'were'} not run" if left else ""
    return f"{failed} of {count} failed{rest}, in {took}."


def duration(seconds: float) -> str:
    """`48 s`, `1 min 14 s`."""
    minutes, rest = divmod(round(seconds), 60)
    return f"{minutes} min {rest} s" if minutes else f"{rest} s"


def index_page(
    acts: Sequence[Act],
    outcomes: Sequence[Outcome],
    facts: Facts,
    titles: Mapping[str, str],
    docs: Sequence[tuple[str, str]],
    there: Path,
) -> str:
    """The page's HTML.

    Args:
        titles: titles of the notebooks, by notebook.
        docs: address and title of the documentation's pages.
        there: folder of the pages; a notebook without a page gets no link.
    """
    by_name = {outcome.name: outcome for outcome in outcomes}
    failed = [outcome for outcome in outcomes if outcome.verdict == "failed"]
    kind = "failed" if failed else "ok"
    parts = [f'<p class="verdict {kind}" role="status"><strong>{escape(verdict_of(outcomes, facts.seconds))}</strong>']
    parts.append(" Everything ran on this machine, against emulators and the real function runtimes.</p>")
    parts += [_failure(outcome, there) for outcome in failed]
    for act in acts:
        scenes = [scene for chain in act.chains for scene in chain]
        rows = [_row(by_name[scene.name], titles.get(scene.notebook, ""), there) for scene in scenes]
        parts.append(f"<h2>{escape(act.title)}</h2>\n<p>{escape(act.about)}</p>")
        parts.append(f"<div class='scroll'><table class='act'>{HEAD}<tbody>")
        parts += [*rows, "</tbody></table></div>"]
    links = "\n".join(f'<li><a href="{escape(address)}">{_inline(title)}</a></li>' for address, title in docs)
    parts.append(f'<h2>Documentation</h2>\n<ul class="docs">{links}</ul>')
    parts.append(f'<p class="quiet">l3kit {escape(facts.version)}, {escape(facts.ended)}.</p>')
    heading = "<h1>l3kit: the demo</h1>"
    return page(f"l3kit demo: {verdict_of(outcomes, facts.seconds)}", "\n".join(parts), head=heading, style=STYLE)


def _failure(outcome: Outcome, there: Path) -> str:
    return (
        f'<section class="failed-one"><h2>{_named(outcome, there)} failed</h2>\n'
        f"<pre>{escape(outcome.error)}</pre>\n<p>{escape(REMEDY)}</p></section>"
    )


def _row(outcome: Outcome, title: str, there: Path) -> str:
    kind, mark = MARKS[outcome.verdict]
    shown = f'<span class="mark {kind}" aria-hidden="true">{mark}</span>'
    spoken = f'<span class="name">{_named(outcome, there)}</span>'
    below = f'<br><span class="quiet">{_inline(title)}</span>' if title else ""
    result = "failed, see above" if outcome.verdict == "failed" else escape(outcome.sentence or outcome.error)
    time = duration(outcome.seconds) if outcome.seconds else ""
    return f"<tr><td>{shown}{spoken}{below}</td><td>{result}</td><td>{time}</td></tr>"


def _named(outcome: Outcome, there: Path) -> str:
    name = escape(outcome.name.partition(".")[0])
    page_name = f"{outcome.name}.html"
    return f'<a href="{escape(page_name)}">{name}</a>' if (there / page_name).exists() else name


def _inline(title: str) -> str:
    return re.sub(r"`([^`]*)`", r"<code>\1</code>", escape(title))
