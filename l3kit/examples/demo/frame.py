"""The frame of every page of the demo: its style, without external resources."""

from __future__ import annotations

from html import escape

LIGHT = """
--back: #ffffff; --text: #1f2328; --faint: #59636e; --line: #d1d9e0; --soft: #f6f8fa; --link: #0550ae;
--good: #1a7f37; --bad: #c62828; --code: #f6f8fa;"""
DARK = """
--back: #0d1117; --text: #e6edf3; --faint: #9198a1; --line: #3d444d; --soft: #151b23; --link: #79b8ff;
--good: #57c26a; --bad: #ff8a80; --code: #151b23;"""
STYLE = f"""
:root {{ color-scheme: light dark; {LIGHT} }}
@media (prefers-color-scheme: dark) {{ :root {{ {DARK} }} }}
* {{ box-sizing: border-box; }}
body {{ margin: 0; background: var(--back); color: var(--text); line-height: 1.55;
  font-family: system-ui, -apple-system, "Segoe UI", Roboto, "Noto Sans", sans-serif; }}
header, main, footer {{ max-width: 72rem; margin: 0 auto; padding: 0 1.5rem; }}
header {{ padding-top: 1rem; }} main {{ padding-bottom: 2rem; }}
footer {{ border-top: 1px solid var(--line); padding: 1rem 1.5rem 2rem; color: var(--faint); font-size: .9rem; }}
a {{ color: var(--link); }} a:focus-visible, summary:focus-visible {{ outline: 3px solid var(--link); }}
h1 {{ font-size: 1.75rem; line-height: 1.25; margin: 1rem 0; }} h2 {{ font-size: 1.3rem; margin: 2rem 0 .75rem; }}
h3 {{ font-size: 1.05rem; margin: 1.5rem 0 .5rem; }}
code, pre {{ font-family: ui-monospace, SFMono-Regular, Menlo, Consolas, "Liberation Mono", monospace;
  font-size: .86rem; }}
pre {{ margin: 0; padding: .75rem 1rem; overflow-x: auto; white-space: pre; }}
p code, li code, td code {{ background: var(--code); padding: .1em .3em; border-radius: 4px; }}
.highlight {{ background: var(--code); border: 1px solid var(--line); border-radius: 6px; margin: .75rem 0; }}
.scroll {{ overflow-x: auto; margin: .75rem 0; }}
table {{ border-collapse: collapse; font-size: .9rem; }}
th, td {{ border-bottom: 1px solid var(--line); padding: .35rem .75rem; text-align: left; vertical-align: top; }}
th {{ font-weight: 600; }}
img {{ max-width: 100%; background: #fff; border-radius: 6px; }}
.quiet {{ color: var(--faint); }}
"""


def page(title: str, body: str, *, head: str = "", style: str = "", home: str = "") -> str:
    """A whole page.

    Args:
        body: HTML of its main part.
        head: HTML above it.
        style: rules in addition to those of every page.
        home: link to the index page; empty on that page itself.
    """
    way_back = f'<nav aria-label="Pages"><a href="{escape(home)}">All notebooks of this demo</a></nav>' if home else ""
    return f"""<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{escape(title)}</title>
<link rel="icon" href="data:,">
<style>{STYLE}{style}</style>
</head>
<body>
<header>{way_back}{head}</header>
<main>
{body}
</main>
</body>
</html>
"""
