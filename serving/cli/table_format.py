"""Outbound tables for a person at a terminal: what is the same in every row once, texts in words, few digits."""

from __future__ import annotations

import json
from typing import Any

import pandas as pd

WORDY = {"reasons", "why", "unknown", "evidence"}


def words(text: Any) -> str | None:
    """The English words of a JSON column: of reasons, of a decision, or the text itself."""
    if not isinstance(text, str):
        return None
    try:
        value = json.loads(text)
    except ValueError:
        return text
    if isinstance(value, list):
        return "; ".join(str(v["en"]) if isinstance(v, dict) else str(v) for v in value)
    return str(value.get("en", ", ".join(f"{k} {v}" for k, v in value.items())))


def shortened(value: Any) -> Any:
    """A cell as it is printed; None stays None, which is printed as unknown."""
    if isinstance(value, float):
        return None if value != value else f"{value:.4g}"
    return None if value is None or value is pd.NaT else value


def readable(frame: pd.DataFrame, rows: int) -> tuple[dict[str, str], list[dict[str, Any]]]:
    """(what every row has in common, the first rows with the rest)."""
    common = {}
    if len(frame) > 1:
        for name in frame.columns:
            if name not in WORDY and frame[name].nunique(dropna=False) == 1:
                value = shortened(frame[name].iloc[0])
                common[name] = "unknown" if value is None else str(value)
    head = frame.drop(columns=[*common, *({"unknown"} & set(frame.columns))]).head(rows)
    for name in WORDY & set(head.columns):
        head = head.assign(**{name: head[name].map(words)})
    return common, [
        {k: shortened(v) for k, v in row.items()} for row in head.astype(object).to_dict("records")
    ]
