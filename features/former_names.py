"""Former names of signals: old releases, old nights and callers are read by the current ones.

A name is a published code, so it changes only with an alias: `Signal.formerly` (ADR-0060).
"""

from __future__ import annotations

import re
import warnings
from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

import pandas as pd

from data_contracts.lake import LakeOrFolder
from data_contracts.runs import read_outbound
from features.catalogue import BY_NAME, CATALOGUE
from features.declaration import Signal

FORMER_NAMES: Mapping[str, str] = MappingProxyType(
    {former: s.name for s in CATALOGUE for former in s.formerly}
)
BY_ANY_NAME: Mapping[str, Signal] = MappingProxyType(
    BY_NAME | {former: BY_NAME[name] for former, name in FORMER_NAMES.items()}
)
# Columns of published tables that hold names of signals, alone or within JSON.
NAME_COLUMNS = {"signals": ("signal",), "drift": ("what",)}
JSON_COLUMNS = {
    "scores": ("reasons", "unknown"),
    "measures": ("signals",),
    "tier_decisions": ("why",),
    "runs": ("signals_unknown",),
}
QUOTED_NAME = re.compile(r'"(\w+)"')


class SignalsByName(Mapping[str, Signal]):
    """Signals by name. A former name works too, with a note; only current names are listed."""

    def __getitem__(self, name: str) -> Signal:
        """The signal that has or had a name."""
        if name in FORMER_NAMES:
            note = f"the signal {name} is now called {FORMER_NAMES[name]}; use that name"
            warnings.warn(note, FutureWarning, stacklevel=3)
        return BY_ANY_NAME[name]

    def __iter__(self) -> Any:
        """Current names, in the order of the catalogue."""
        return iter(BY_NAME)

    def __len__(self) -> int:
        """Number of signals."""
        return len(BY_NAME)


def current_name(name: str) -> str:
    """The current name of a signal; any other text unchanged."""
    return FORMER_NAMES.get(name, name)


def with_current_names(table: str, frame: pd.DataFrame) -> pd.DataFrame:
    """Rows of a published table with the current names of signals.

    Parameters
    ----------
    table
        Name of the outbound table.
    frame
        Its rows, or some columns of them.
    """
    named = [c for c in NAME_COLUMNS.get(table, ()) if c in frame]
    quoted = [c for c in JSON_COLUMNS.get(table, ()) if c in frame]
    if not len(frame) or not (named or quoted):
        return frame
    changed = {c: frame[c].map(current_name, na_action="ignore") for c in named}
    changed |= {c: frame[c].map(_current_json, na_action="ignore") for c in quoted}
    return frame.assign(**changed)


def read_night(lake: LakeOrFolder, table: str, night: str | None = None) -> pd.DataFrame:
    """Read an outbound table as `read_outbound` does, with the current names of signals."""
    return with_current_names(table, read_outbound(lake, table, night))


def _current_json(text: str) -> str:
    """JSON text in which each quoted former name is the current one."""
    return QUOTED_NAME.sub(lambda found: f'"{current_name(found[1])}"', text)
