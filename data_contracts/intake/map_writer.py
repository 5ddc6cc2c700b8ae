"""A map as the text of a file: every guess with its confidence and reason as a comment."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import yaml

from data_contracts.intake.mapping import Map

HEAD = """\
# Which of your columns is which column of the contracts. Edit anything; a comment says how sure
# the guess is and why. A column may be an SQL expression over the columns of its source; the
# functions clean_text, read_time and read_number read text as the ingestion does.
# received_at: a column, an expression, or file_time, ingest_time, event_time.
# Open questions are at the end: write `yes` for the guess, or another answer.
"""
MAX_COMMENT_CHARACTERS = 160


def map_text(given: Map, reasons: Mapping[str, str]) -> str:
    """Text of `map.yaml`; reading it gives the same map.

    Parameters
    ----------
    given
        The map.
    reasons
        Dotted place → comment.
    """
    document = given.model_dump(by_alias=True, exclude_none=True, exclude_defaults=True)
    document = {"version": given.version} | document
    for table in document.get("tables", {}).values():
        table["columns"] = {
            c: entry["from"] if set(entry) == {"from"} else entry
            for c, entry in table["columns"].items()
        }
    for question, entry in zip(given.questions, document.get("questions", []), strict=True):
        entry["answer"] = question.answer
    return HEAD + "\n".join(_lines(document, "", 0, reasons)) + "\n"


def _lines(
    node: Mapping[str, Any], place: str, depth: int, reasons: Mapping[str, str]
) -> Iterator[str]:
    """Lines of a mapping, each value with the comment of its place."""
    for key, value in node.items():
        at = f"{place}.{key}" if place else str(key)
        comment = f"  # {reasons[at][:MAX_COMMENT_CHARACTERS]}" if at in reasons else ""
        name = f"{'  ' * depth}{_scalar(key)}:"
        if isinstance(value, Mapping) and value:
            if depth <= 1:
                yield ""
            yield name + comment
            yield from _lines(value, at, depth + 1, reasons)
        elif isinstance(value, list) and value and isinstance(value[0], Mapping):
            yield ""
            yield name
            for entry in value:
                lines = list(_lines(entry, "", depth + 2, {}))
                yield f"{'  ' * (depth + 1)}- {lines[0].strip()}"
                yield from lines[1:]
        else:
            yield f"{name} {_scalar(value)}{comment}"


def _scalar(value: Any) -> str:
    """A value on one line."""
    if value is None:
        return ""
    text = yaml.safe_dump(
        value, allow_unicode=True, default_flow_style=True, width=float("inf"), sort_keys=False
    )
    return text.strip().removesuffix("...").strip()
