"""Thinning a bipartite graph on the engine, so that only its dense remainder has to fit in memory.

The passes of `graphs/peel.py` as group-bys: remove what lies below the mean until a density is known, then remove from
the whole graph all nodes of less weight than that density, again and again. What is left holds the greedy block whole.
"""

from __future__ import annotations

from typing import Any

import ibis
import pandas as pd

BATCH = 0.1
PASSES = 40


def _weighted(edges: Any, kind: str) -> Any:
    """Edges (row, column) with the column's weight `w`, by its degree in the whole graph."""
    degree = edges.group_by("column").aggregate(d=edges.count())
    d = degree.d.cast("float64")
    weight = {"log": 1.0 / (d + 5.0).ln(), "sqrt": 1.0 / d.sqrt(), "flat": d / d}[kind]
    return edges.join(degree.mutate(w=weight).select("column", "w"), "column")


def _survivors(edges: Any, bar: float) -> Any:
    """Edges both of whose ends weigh at least `bar`."""
    rows = edges.group_by("row").aggregate(total=edges.w.sum())
    columns = edges.group_by("column").aggregate(total=edges.w.sum())
    edges = edges.semi_join(rows.filter(rows.total >= bar), "row")
    return edges.semi_join(columns.filter(columns.total >= bar), "column")


def _density(edges: Any) -> tuple[float, int]:
    found = edges.aggregate(
        weight=edges.w.sum(),
        edges=edges.count(),
        rows=edges.row.nunique(),
        columns=edges.column.nunique(),
    ).to_pandas()
    one = found.iloc[0]
    nodes = int(one["rows"]) + int(one["columns"])
    return (float(one["weight"]) / nodes if nodes else 0.0), int(one["edges"])


def thin(edges: Any, kind: str = "log", enough: int = 0) -> pd.DataFrame:
    """The core of distinct edges (an Ibis table with columns row and column) that holds the greedy densest block.

    `enough`: stop as soon as so few edges are left (0: prune to the end). Returns a frame (row, column, w).
    Raises ValueError when the table lacks a column.
    """
    if not {"row", "column"} <= set(edges.columns):
        raise ValueError(
            f"thin: expected the columns row and column, found {', '.join(edges.columns)}"
        )
    engine = ibis.get_backend(edges)
    made: list[str] = []

    def kept(expression: Any) -> Any:
        name = f"thin_{id(made):x}_{len(made)}"
        made.append(name)
        return engine.create_table(name, expression, temp=engine.name == "duckdb")

    try:
        whole = kept(_weighted(edges, kind))
        best, many = _density(whole)
        part, left = whole, many
        for _ in range(PASSES):
            density, here = _density(part)
            best = max(best, density)
            part = kept(_survivors(part, 2.0 * (1.0 + BATCH) * density))
            before, left = left, _density(part)[1]
            if left < 4 or left == before == here:
                break
        part = whole
        for _ in range(PASSES):
            part = kept(_survivors(part, best * (1.0 - 1e-9)))
            density, left = _density(part)
            done, many = left in (many, 0) or left <= enough, left
            best = max(best, density)
            if done:
                break
        return part.order_by(["row", "column"]).to_pandas()
    finally:
        for name in made:
            engine.raw_sql(
                f"DROP TABLE IF EXISTS {name}"
            )  # ibis 12 words its own drop without the name
