"""Pictures of the report, as SVG text: they need no script and no network."""

from __future__ import annotations

import altair as alt
import networkx as nx
import numpy as np
import pandas as pd
import vl_convert

INK, ALERT, CALM, QUIET = "#1f3044", "#b3362b", "#2f7d6b", "#9aa7b4"


def svg(chart: alt.TopLevelMixin) -> str:
    """A chart as SVG."""
    return vl_convert.vegalite_to_svg(chart.to_dict())


def suspicious_minutes(minutes: pd.DataFrame) -> pd.DataFrame:
    """Windows in which joins, likes or orders exceed five times their median (at least five) without a granted cause.

    Columns start, stop (minutes), series. The same bound as the LIVE signals use.
    """
    windows = []
    for series in ("joins", "likes", "orders"):
        x = minutes[series].to_numpy(dtype=float)
        if not np.isfinite(x).any():
            continue
        hot = (x > max(5.0, 5.0 * float(np.nanmedian(x)))) & (minutes["granted"].to_numpy() == 0)
        edges = np.flatnonzero(np.diff(np.concatenate([[0], hot.astype(int), [0]])))
        at = minutes["minute"].to_numpy()
        windows += [(int(at[a]), int(at[b - 1]) + 1, series) for a, b in zip(edges[::2], edges[1::2], strict=True)]
    return pd.DataFrame(windows, columns=["start", "stop", "series"])


def timeline(minutes: pd.DataFrame) -> str:
    """A session by minute: viewers above, joins, comments, likes and orders below, suspicious windows shaded."""
    shown = [c for c in ("viewers", "joins", "comments", "likes", "orders") if minutes[c].notna().any()]
    long = minutes.melt("minute", shown, "series", "value")
    bad = suspicious_minutes(minutes)
    granted = minutes.loc[minutes["granted"] > 0, ["minute"]].assign(stop=lambda d: d["minute"] + 1)
    rows = []
    for name in shown:
        line = (
            alt.Chart(long[long["series"] == name])
            .mark_line(strokeWidth=1.2, color=INK)
            .encode(x=alt.X("minute:Q", title="minute" if name == shown[-1] else None), y=alt.Y("value:Q", title=name))
        )
        shade = alt.Chart(bad).mark_rect(opacity=0.25, color=ALERT).encode(x="start:Q", x2="stop:Q")
        calm = alt.Chart(granted).mark_rect(opacity=0.2, color=CALM).encode(x="minute:Q", x2="stop:Q")
        rows.append(alt.layer(calm, shade, line).properties(width=820, height=90 if name == "viewers" else 55))
    return svg(alt.vconcat(*rows, spacing=4).configure_view(stroke="#e3e8ee").configure_axis(grid=False))


def ring(graph: nx.Graph, most: int = 200) -> str:
    """A ring of at most `most` best-linked members; red links are purchases, blue joins, green shared identities."""
    keep = sorted(graph.nodes, key=lambda n: (-graph.degree[n], n))[:most]
    part = graph.subgraph(keep)
    place = nx.spring_layout(nx.Graph(sorted(part.edges)), seed=3)
    nodes = pd.DataFrame([{"id": n, "x": place[n][0], "y": place[n][1], "links": part.degree[n]} for n in sorted(place)])
    lines = []
    for a, b, evidence in sorted(part.edges(data=True)):
        kind = "purchases" if "buy" in evidence else "joins" if "watch" in evidence else "shared identity"
        lines.append({"x": place[a][0], "y": place[a][1], "x2": place[b][0], "y2": place[b][1], "link": kind})
    frame = pd.DataFrame(lines, columns=["x", "y", "x2", "y2", "link"])
    axis = alt.Axis(labels=False, ticks=False, domain=False, grid=False, title=None)
    colour = alt.Color("link:N", scale=alt.Scale(domain=["purchases", "joins", "shared identity"], range=[ALERT, "#3a6ea5", CALM]))
    edges = (
        alt.Chart(frame)
        .mark_rule(opacity=0.45)
        .encode(x=alt.X("x:Q", axis=axis), y=alt.Y("y:Q", axis=axis), x2="x2:Q", y2="y2:Q", color=colour)
    )
    dots = alt.Chart(nodes).mark_circle(color=INK, opacity=0.9).encode(x="x:Q", y="y:Q", size=alt.Size("links:Q", legend=None))
    return svg(alt.layer(edges, dots).properties(width=520, height=380).configure_view(stroke="#e3e8ee"))


def tier_bars(counts: pd.DataFrame) -> str:
    """Operators in each tier, tonight and the night before. Columns tier, night, operators."""
    return svg(
        alt.Chart(counts)
        .mark_bar()
        .encode(
            x=alt.X("operators:Q", title="operators"),
            y=alt.Y("tier:N", title=None),
            yOffset=alt.YOffset("night:N", sort=["before", "tonight"]),
            color=alt.Color("night:N", scale=alt.Scale(domain=["before", "tonight"], range=[QUIET, INK]), legend=alt.Legend(title=None)),
        )
        .properties(width=420, height=alt.Step(14))
    )
