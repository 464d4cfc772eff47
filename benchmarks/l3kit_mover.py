"""l3kit's mover as deployed: the Lambda function's entry file, called as Lambda does."""

from __future__ import annotations

import importlib.util
from collections.abc import Callable
from pathlib import Path

ENTRY = Path(__file__).parent.parent / "lambda_code" / "aws" / "hot-to-cold-mover" / "lambda_function.py"


def load() -> Callable[[dict[str, str], object], object]:
    """Return the handler; importing the entry file is the function's cold start."""
    spec = importlib.util.spec_from_file_location("lambda_function", ENTRY)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    handler: Callable[[dict[str, str], object], object] = module.lambda_handler
    return handler
