"""Optional libraries of sources, each named by the extra that installs it."""

from __future__ import annotations

import importlib
from typing import Any

from data_contracts.errors import LakeProblem


def library(name: str, extra: str) -> Any:
    """Import a library that only some sources need.

    Raises
    ------
    LakeProblem
        It is not installed; the message names the extra.
    """
    try:
        return importlib.import_module(name)
    except ImportError as error:
        raise LakeProblem(
            f"this source needs {name.split('.')[0]}: pip install 'steelyard[{extra}]'"
        ) from error
