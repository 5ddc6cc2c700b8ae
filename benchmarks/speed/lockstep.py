"""Speed of lockstep pairs and components, compared with a DuckDB join."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import Any

import duckdb
import numpy as np
import pandas as pd

from benchmarks.harness.figures import row
from benchmarks.harness.intervals import f1
from benchmarks.harness.timing import COMMAND, interleaved, peaks_mb, repeated_row
from features.graphs.connectivity import components
from features.graphs.meetings.co_occurrence import meeting_pairs

PAIRS_BY_JOIN = """
WITH b AS (SELECT DISTINCT a, t, m, m // 3 AS k FROM acts UNION ALL
SELECT DISTINCT a, t, m, -1 - (m + 1) // 3 FROM acts),
c AS (SELECT * FROM b QUALIFY row_number() OVER (PARTITION BY t, k ORDER BY m, a) <= 40),
p AS (SELECT DISTINCT x.a AS l, y.a AS r, x.t AS t FROM c x
JOIN c y ON x.t = y.t AND x.k = y.k AND x.a < y.a AND abs(x.m - y.m) <= 2)
SELECT l, r, count(*) AS n FROM p GROUP BY ALL HAVING count(*) >= 3
"""


def actions(n: int, seed: int = 0) -> tuple[np.ndarray, np.ndarray, np.ndarray, int, np.ndarray]:
    """Actions with pools in lockstep and flash crowds.

    Returns accounts, rooms and minutes of actions, the number of accounts, and the pools' accounts.
    """
    rng = np.random.default_rng(seed)
    accounts, rooms, span = n // 8, n // 1200, 24 * 60
    p = 1.0 / np.arange(1, rooms + 1) ** 0.7
    r = np.searchsorted(np.cumsum(p) / p.sum(), rng.random(n)).clip(0, rooms - 1)
    parts, pools = [(rng.integers(0, accounts, n), r, rng.integers(0, span, n))], []
    for _ in range(max(4, n // 20_000)):
        members = rng.choice(accounts, rng.integers(15, 50), replace=False)
        pools.append(members)
        for room in rng.choice(rooms, rng.integers(12, 30), replace=False):
            here = members[rng.random(len(members)) < 0.7]
            parts.append(
                (
                    here,
                    np.full(len(here), room),
                    rng.integers(0, span - 2) + rng.integers(0, 2, len(here)),
                )
            )
    for _ in range(10):
        crowd = rng.choice(accounts, min(3000, accounts), replace=False)
        parts.append(
            (
                crowd,
                np.full(len(crowd), rng.integers(0, rooms)),
                rng.integers(0, span - 6) + rng.integers(0, 6, len(crowd)),
            )
        )
    a, t, m = (np.concatenate(x).astype(np.int32) for x in zip(*parts, strict=True))
    return a, t, m, accounts, np.unique(np.concatenate(pools))


def _saved_actions(a: np.ndarray, t: np.ndarray, m: np.ndarray, name: str) -> str:
    path = Path(tempfile.gettempdir()) / f"steelyard-acts-{name}.npz"
    np.savez(path, a=a, t=t, m=m)
    return str(path)


def rows(say: Any) -> list[dict[str, Any]]:
    """CPU time, F1 and memory of one and ten million actions."""
    out = []
    for n, name, seconds, memory in (
        (1_000_000, "1m", "<= 1.5", "<= 400"),
        (10_000_000, "10m", "<= 12", "<= 800"),
    ):
        say(f"lockstep, {n:,} actions")
        a, t, m, accounts, pool = actions(n)

        def ours(
            a: np.ndarray = a, t: np.ndarray = t, m: np.ndarray = m, accounts: int = accounts
        ) -> np.ndarray:
            p = meeting_pairs(a, t, m, 2, 3)
            label = components(p.left, p.right, accounts)
            seen = np.unique(np.concatenate([p.left, p.right]))
            return seen[np.bincount(label)[label[seen]] >= 4]

        methods: dict[str, Any] = {"ours": ours}
        if n == 1_000_000:
            acts = pd.DataFrame({"a": a, "t": t, "m": m})
            engine = duckdb.connect()
            engine.execute("SET threads=1")
            engine.register("acts", acts)
            methods["DuckDB"] = lambda engine=engine: engine.sql(PAIRS_BY_JOIN).df()
        spent = interleaved(methods)
        value, interval = f1(set(ours().tolist()), set(pool.tolist()))
        out += [
            repeated_row(
                f"lockstep-{name}-seconds",
                f"Lockstep pairs and components of {len(a):,} actions: CPU seconds",
                spent["ours"],
                seconds,
                "sorting and looking at every pair",
            ),
            row(
                f"lockstep-{name}-f1",
                f"Lockstep pools of {len(a):,} actions: F1 of accounts ({len(pool)}; interval "
                "over accounts), with ten flash crowds of 3,000",
                value,
                COMMAND,
                ">= 0.99",
                interval,
                why="chance pairs in dense rooms join the components",
            ),
        ]
        if "DuckDB" in spent:
            what = (
                f"Lockstep pairs of {len(a):,} actions as a DuckDB join on two offset buckets "
                f"with the same cap ({np.median(spent['DuckDB']):.2f} s) over ours"
            )
            out.append(
                repeated_row(
                    "lockstep-duckdb",
                    what,
                    spent["DuckDB"] / spent["ours"],
                    ">= 4",
                    "the join is quick on this input",
                )
            )
        path = _saved_actions(a, t, m, name)
        peaks = peaks_mb(
            "import numpy as np\nfrom features.graphs.meetings.co_occurrence import "
            f"meeting_pairs\nd = np.load({path!r})\nmeeting_pairs(d['a'], d['t'], d['m'], 2, 3)"
        )
        out.append(
            repeated_row(
                f"lockstep-{name}-memory",
                f"Lockstep pairs of {len(a):,} actions: peak memory of the process in MB, imports "
                "and input included",
                peaks,
                memory,
                "imports are some 250 MB of it, sorting and whom each action meets the rest",
            )
        )
    return out
