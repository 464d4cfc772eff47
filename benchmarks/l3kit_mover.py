"""l3kit's mover as it is deployed: the Lambda function's own entry file, called as Lambda calls it."""

from __future__ import annotations

import importlib.util
from collections.abc import Callable
from pathlib import Path

ENTRY = Path(__file__).parent.parent / "lambda_code" / "aws" / "hot-to-cold-mover" / "lambda_function.py"


def load() -> Callable[[dict[str, str], object], object]:
    """The handler. Importing the file is the function's cold start."""
    spec = importlib.util.spec_from_file_location("lambda_function", ENTRY)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    handler: Callable[[dict[str, str], object], object] = module.lambda_handler
    return handler
