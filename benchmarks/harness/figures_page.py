"""A page of figures and its JSON twin."""

from __future__ import annotations

import importlib.metadata
import json
import os
import platform
import re
from argparse import ArgumentParser
from contextlib import suppress
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.harness.intervals import ratio_interval, share_interval
from training.evaluation.metrics import Figure
from training.release.code_version import revision

PACKAGES = (
    "duckdb",
    "ibis-framework",
    "lightgbm",
    "numba",
    "numpy",
    "pandas",
    "scikit-learn",
    "scipy",
)
BOUND = re.compile(
    r"([<>]=) (-?[\d.]+(?:e-?\d+)?)$"
)  # of a goal that says itself whether a value meets it
PEERS = (
    "graphspot",
    "igraph",
    "mutmut",
    "networkx",
    "polars",
    "pycatch22",
    "pyod",
    "tsfresh",
    "UGFraud",
)  # those that are installed


def takes_nothing(what: str | None, command: str) -> None:
    """Answer `--help` and refuse whatever else a benchmark is called with, before it begins to take its half hour."""
    ArgumentParser(prog=command, description=what, epilog=f"Example: {command}").parse_args()


def machine() -> dict[str, Any]:
    return {
        "cores": os.cpu_count(),
        "machine": platform.machine(),
        "python": platform.python_version(),
    }


def versions() -> dict[str, str]:
    """Versions of what figures rest on, and of the peers beside it that are installed."""
    found = {p: importlib.metadata.version(p) for p in PACKAGES}
    for peer in PEERS:
        with suppress(importlib.metadata.PackageNotFoundError):
            found[peer] = importlib.metadata.version(peer)
    return found


def meets(value: Any, goal: str | None) -> bool | None:
    """Whether a value meets a goal that is written as a bound (`>= 0.9`, `<= 8`); None where none is."""
    bound = BOUND.match(goal or "")
    if bound is None:
        return None
    return bool(value >= float(bound[2]) if bound[1] == ">=" else value <= float(bound[2]))


def row(
    id_: str,
    what: str,
    value: Any,
    command: str,
    goal: str | None = None,
    interval: list[float] | None = None,
    holds: bool | None = None,
    why: str | None = None,
) -> dict[str, Any]:
    """One figure; `holds`: whether it meets its goal, where the goal is no bound that says so itself; `why` it is missed, where it is.

    Spaces in its id become hyphens.
    """
    if holds is None:
        holds = meets(value, goal)
    id_ = id_.replace(" ", "-")
    out = {
        "id": id_,
        "what": what,
        "goal": goal,
        "value": value,
        "interval": interval,
        "holds": holds,
        "command": command,
    }
    return out | ({"why": why} if why and holds is False else {})


def figure_row(
    id_: str,
    what: str,
    figure: Figure,
    command: str,
    goal: str | None = None,
    why: str | None = None,
) -> dict[str, Any]:
    """A figure with its interval."""
    return row(id_, what, figure.value, command, goal, [figure.low, figure.high], why=why)


def share_row(
    id_: str,
    what: str,
    among: Any,
    command: str,
    goal: str | None = None,
    why: str | None = None,
    group: Any = None,
) -> dict[str, Any]:
    """A share with its interval, from which of some are meant, shape (n,); `group`: (n,), whose each is, where some are of one operator."""
    among = np.asarray(among, dtype=bool)
    if not len(among):
        return row(id_, what, float("nan"), command, goal, why=why)
    interval = (
        share_interval(int(among.sum()), len(among))
        if group is None
        else ratio_interval(among, np.ones(len(among)), group)
    )
    return row(id_, what, float(among.mean()), command, goal, interval, why=why)


def recall_at_precision(truth: np.ndarray, score: np.ndarray, precision: float) -> float:
    """Share of the true found at the lowest threshold above which a share `precision` of what is found is true."""
    order = np.argsort(-score, kind="stable")
    hits = np.cumsum(truth[order])
    good = np.flatnonzero(hits / np.arange(1, len(order) + 1) >= precision)
    return float(hits[good[-1]] / truth.sum()) if len(good) and truth.sum() else 0.0


def _holds(r: dict[str, Any]) -> str:
    """Whether a goal holds, and where it does not, by how much it is missed and why."""
    if r["holds"] is None:
        return ""
    if r["holds"]:
        return "yes"
    bound = BOUND.match(r["goal"] or "")
    missed = f", by {abs(r['value'] - float(bound[2])):.2g}" if bound else ""
    return f"no{missed}: {r.get('why', '')}"


def write(
    name: str,
    title: str,
    rows: list[dict[str, Any]],
    text: str,
    elsewhere: dict[str, Any] | None = None,
) -> None:
    """Write docs/benchmarks/<name>.md and .json; `elsewhere`: the machine where it was measured, if that was not this one."""
    folder = Path("docs/benchmarks")
    folder.mkdir(parents=True, exist_ok=True)
    twin = {
        "machine": elsewhere or machine(),
        "versions": versions(),
        "revision": revision(),
        "rows": rows,
    }
    (folder / f"{name}.json").write_text(
        json.dumps(twin, indent=1, ensure_ascii=False) + "\n", "utf-8"
    )
    lines = [
        f"# {title}",
        "",
        f"Written by `{rows[0]['command']}` at revision `{twin['revision'][:12]}`; the same figures as JSON beside it.",
        "",
    ]
    lines += ["| what | value | 90 % interval | goal | holds |", "|---|---|---|---|---|"]
    for r in rows:
        value = f"{r['value']:.3f}" if isinstance(r["value"], float) else str(r["value"])
        interval = f"{r['interval'][0]:.3f} to {r['interval'][1]:.3f}" if r["interval"] else ""
        lines.append(f"| {r['what']} | {value} | {interval} | {r['goal'] or ''} | {_holds(r)} |")
    (folder / f"{name}.md").write_text("\n".join([*lines, "", text.strip(), ""]), "utf-8")
