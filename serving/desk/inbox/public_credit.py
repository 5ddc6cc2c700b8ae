"""Published credit as anybody may read it: level and points, found by the operator's id."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from data_contracts.errors import LakeProblem
from data_contracts.lake import Lake
from data_contracts.runs import published_run

OPERATORS_PER_PAGE = 50
COLUMNS = ["operator_id", "credit", "level"]


@dataclass(frozen=True)
class CreditPage:
    """A page of published credit: night, lines, how many there are, counts by level, networks."""

    night: str
    lines: list[dict[str, Any]]
    total: int
    counts: dict[str, int]
    networks: list[dict[str, Any]]


def credit_page(lake: Lake, wanted: str, level: str, page: int) -> CreditPage | None:
    """Published credit, by id; None where no night is published.

    `wanted` is an id or its beginning; an empty one selects all.
    """
    try:
        run = published_run(lake)
        rows = run.rows("credit", columns=COLUMNS)
    except LakeProblem:
        return None
    counts = {str(k): int(v) for k, v in rows["level"].value_counts().items()}
    chosen = rows[rows["operator_id"].str.startswith(wanted)] if wanted else rows
    if level:
        chosen = chosen[chosen["level"] == level]
    chosen = chosen.sort_values("operator_id", kind="stable")
    first = (max(page, 1) - 1) * OPERATORS_PER_PAGE
    lines = chosen.iloc[first : first + OPERATORS_PER_PAGE].to_dict("records")
    mcns = run.table("mcns")
    names = [] if mcns is None else mcns.column_names
    networks = []
    if mcns is not None and {"mcn_id", "grade"} <= set(names):
        graded = mcns.select(["mcn_id", "grade"]).to_pandas().dropna(subset="grade")
        networks = graded.sort_values("mcn_id").to_dict("records")
    night = str(run.manifest.get("identity", {}).get("date", ""))
    return CreditPage(night, lines, len(chosen), counts, networks)
