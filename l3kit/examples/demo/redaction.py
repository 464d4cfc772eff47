"""Removes this machine's paths and stale progress bars from an executed notebook."""

from __future__ import annotations

import re
import sys
import tempfile
from collections.abc import Callable, Mapping
from html import unescape
from pathlib import Path
from typing import Any

WIDGET = "application/vnd.jupyter.widget-view+json"
STATE = "application/vnd.jupyter.widget-state+json"


def without_paths(root: Path) -> Callable[[str], str]:
    """Return a function that removes this machine's folders from a text.

    Paths in the project become relative to it; home becomes `~`, the folder of temporary files `TMP`, Python's own
    `PYTHON`.
    """
    neutral = {str(root): "", **dict.fromkeys((sys.prefix, sys.base_prefix), "PYTHON")}
    neutral |= dict.fromkeys((str(Path.home()), str(Path.home().resolve())), "~")
    neutral |= dict.fromkeys((tempfile.gettempdir(), "/tmp", "/var/tmp"), "TMP")
    neutral = {folder: word for folder, word in neutral.items() if folder != "/"} | {str(root): ""}
    longest_first = sorted(neutral, key=len, reverse=True)
    pattern = re.compile(f"({'|'.join(map(re.escape, longest_first))})(?![\\w.-])(/?)")

    def replaced(found: re.Match[str]) -> str:
        word = neutral[found[1]]
        return f"{word}{found[2]}" if word else ("" if found[2] else ".")

    return lambda text: pattern.sub(replaced, text)


def everywhere(value: Any, change: Callable[[str], str]) -> Any:
    """Return the value with every text in it changed, at any depth; pictures are kept, since base64 has slashes."""
    if isinstance(value, str):
        return change(value)
    if isinstance(value, Mapping):
        return {
            name: inner if str(name).startswith("image/") else everywhere(inner, change)
            for name, inner in value.items()
        }
    if isinstance(value, list):
        return [everywhere(inner, change) for inner in value]
    return value


def shown_notebook(notebook: Mapping[str, Any], root: Path) -> dict[str, Any]:
    """Return an executed notebook for rendering: without paths, and with bars as their last lines.

    Args:
        notebook: a notebook in nbformat 4, as plain values.
    """
    states = notebook.get("metadata", {}).get("widgets", {}).get(STATE, {}).get("state", {})
    cells = []
    for cell in notebook["cells"]:
        outputs = (_without_widget(output, states) for output in cell.get("outputs", []))
        cells.append({**cell, "outputs": [output for output in outputs if output]} if "outputs" in cell else cell)
    metadata = {name: value for name, value in notebook.get("metadata", {}).items() if name == "language_info"}
    shown: dict[str, Any] = everywhere({**notebook, "metadata": metadata, "cells": cells}, without_paths(root))
    return shown


def _without_widget(output: Mapping[str, Any], states: Mapping[str, Any]) -> dict[str, Any]:
    """Return the output itself, or the last text of its widget; empty if it showed none."""
    view = output.get("data", {}).get(WIDGET)
    if view is None:
        return dict(output)
    text = widget_text(view.get("model_id", ""), states)
    return {"output_type": "stream", "name": "stdout", "text": f"{text}\n"} if text else {}


def widget_text(model: str, states: Mapping[str, Any]) -> str:
    """Return the text of a widget's saved state and of its children's: `apply: 100% 20/20 [00:07<00:00]`."""
    state = states.get(model, {}).get("state", {})
    if "children" in state:
        texts = (widget_text(child.removeprefix("IPY_MODEL_"), states) for child in state["children"])
        return re.sub(r"\s+", " ", " ".join(filter(None, texts))).strip()
    value = state.get("value")
    return unescape(re.sub(r"<[^>]+>", "", value)).strip(" |") if isinstance(value, str) else ""
