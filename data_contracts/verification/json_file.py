"""JSON files with words for the person who must mend a broken one."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from data_contracts.errors import LakeProblem


def parse_json(body: bytes | str, place: object, mend: str) -> Any:
    """Value of a JSON text.

    Parameters
    ----------
    body
        The text; bytes must be UTF-8.
    place
        Name of the file, for the message.
    mend
        Advice for the message.

    Raises
    ------
    LakeProblem
        The text is no JSON, or it is nested too deeply.
    """
    try:
        return json.loads(body)
    except (ValueError, RecursionError) as error:
        raise LakeProblem(f"{place} is no JSON text ({error}). {mend}") from error


def read_json_object(path: Path, mend: str) -> dict[str, Any]:
    """The object of a JSON file; raises LakeProblem where the file holds something else."""
    try:
        body = path.read_bytes()
    except OSError as error:
        raise LakeProblem(f"{path} cannot be read ({error.strerror}). {mend}") from error
    value = parse_json(body, path, mend)
    if not isinstance(value, dict):
        raise LakeProblem(f"{path}: expected an object, found {type(value).__name__}. {mend}")
    return value


def read_text_values(path: Path, mend: str) -> dict[str, str]:
    """An object whose values are all text; raises LakeProblem where one is not."""
    found = read_json_object(path, mend)
    for name, value in found.items():
        if not isinstance(value, str):
            raise LakeProblem(f"{path}: {name}: expected text, found {value!r:.60}. {mend}")
    return found
