"""Tables for a terminal: the columns that fit, common values once, JSON in words. ADR-0151."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

import pandas as pd
from rich.cells import cell_len

MIN_PROSE_WIDTH = 40  # characters; a narrower column of sentences cannot be read
MAX_PROSE_LINES = 10  # of the longest cell; beside a longer one a less important text is left out
MAX_VALUE_WIDTH = 44  # characters of the longest single value; a longer one with spaces is prose
BORDER_WIDTH = 3  # characters that a table adds to each column

# The most important columns of a published table; the others follow in the order of its contract.
LEADING_COLUMNS = {
    "corrected_figures": (
        "entity_id",
        "measure",
        "counted",
        "estimate",
        "low",
        "high",
        "entity_kind",
    ),
    "credit": ("operator_id", "credit", "level"),
    "drift": ("what", "stratum", "psi", "drifted"),
    "false_views": ("session_id", "probability", "account_id", "joined_at", "reasons", "order_id"),
    "findings": ("operator_id", "duty", "other_id", "value", "peers", "evidence"),
    "mcns": ("mcn_id", "operators", "in_c_or_d", "expected_share", "p_value"),
    "measures": ("operator_id", "code", "status", "effective_to", "measure_id", "facts"),
    "quarantine": ("table_name", "rule", "value", "row_key", "column_name", "file"),
    "rings": ("ring_id", "members", "kind", "operators", "density", "significance", "evidence"),
    "runs": ("date", "status", "run_id", "sessions", "orders", "operators"),
    "scores": ("entity_id", "entity_kind", "probability", "rank", "reasons", "score", "model"),
    "tier_decisions": (
        "operator_id",
        "tier",
        "risk",
        "measure",
        "why",
        "selected_by",
        "expected_harm",
    ),
}


def words(value: Any) -> str:
    """A decoded JSON value in words: its English text where it has one, else its parts."""
    if isinstance(value, dict):
        if "en" in value:
            return str(value["en"])
        return ", ".join(f"{k} {words(v)}" for k, v in value.items())
    if isinstance(value, list):
        separator = "; " if any(isinstance(v, dict) for v in value) else ", "
        return separator.join(words(v) for v in value)
    return "unknown" if value is None else str(value)


def cell_text(value: Any) -> str:
    """A cell as it is printed: four digits of a number, JSON in words, `unknown` for nothing."""
    if value is None or value is pd.NaT or value != value:
        return "unknown"
    if isinstance(value, float):
        return f"{value + 0.0:.4g}"  # no sign before a zero
    if isinstance(value, str) and value[:1] in ("{", "["):
        try:
            return words(json.loads(value))
        except ValueError:
            return value
    return words(value) if isinstance(value, dict | list) else str(value)


def ordered_columns(table: str, columns: Sequence[str]) -> list[str]:
    """Columns of a published table, the most important first."""
    leading = [c for c in LEADING_COLUMNS.get(table, ()) if c in columns]
    return leading + [c for c in columns if c not in leading]


def common_values(frame: pd.DataFrame) -> dict[str, str]:
    """Columns that say the same short thing in every row of a frame, and what they say."""
    if len(frame) < 2:
        return {}
    once = {c: cell_text(frame[c].iloc[0]) for c in frame if frame[c].nunique(dropna=False) == 1}
    return {name: text for name, text in once.items() if len(text) <= MAX_VALUE_WIDTH}


def fit_columns(
    rows: Sequence[dict[str, str]], columns: Sequence[str], *, terminal_width: int
) -> tuple[dict[str, int], list[str]]:
    """The columns that fit a terminal and those that are left out.

    Parameters
    ----------
    rows
        Cells as they are printed, by column.
    columns
        All columns, the most important first; the first is always kept.
    terminal_width
        Characters in a line of the terminal.

    Returns
    -------
    tuple
        Width of each column that is kept, in characters, and the names of the others. A column
        of single values is as wide as its longest; prose has at least `MIN_PROSE_WIDTH`. The less
        important of two texts is left out where one needs more than `MAX_PROSE_LINES`.
    """
    widths: dict[str, int] = {}
    wanted: dict[str, int] = {}  # full width of the prose that is kept
    left = terminal_width - 1
    for name in columns:
        longest = max((r[name] for r in rows), key=cell_len, default="")
        full = max(cell_len(name), cell_len(longest))
        is_prose = full > MAX_VALUE_WIDTH and " " in longest
        need = max(MIN_PROSE_WIDTH, cell_len(name)) if is_prose else full
        if need + BORDER_WIDTH <= left:
            widths[name] = need
            left -= need + BORDER_WIDTH
            if is_prose:
                wanted[name] = full
        elif not widths:
            widths[name] = max(1, left - BORDER_WIDTH)
            left = 0
    for name, full in wanted.items():
        more = min(left, full - widths[name])
        widths[name] += more
        left -= more
    is_crowded = any(full > MAX_PROSE_LINES * widths[name] for name, full in wanted.items())
    if is_crowded and len(wanted) > 1:
        least_important = list(wanted)[-1]
        fewer = [c for c in columns if c != least_important]
        widths, _ = fit_columns(rows, fewer, terminal_width=terminal_width)
    return widths, [c for c in columns if c not in widths]
