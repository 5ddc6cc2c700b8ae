"""Charts for notebooks: a session by minute, and a ring."""

from __future__ import annotations

import altair as alt
import networkx as nx
import pandas as pd

from serving.dossiers.session_minutes import suspicious_minutes

INK, ALERT, CALM = "#1f3044", "#b3362b", "#2f7d6b"
MAX_CHARTED_MEMBERS = 200


def timeline_chart(minutes: pd.DataFrame) -> alt.VConcatChart:
    """Chart a session by minute: viewers, joins, comments, likes, orders.

    Suspicious windows are shaded in the row of the series that found them, and lightly in the
    others. Granted causes are shaded in all.
    """
    series = [
        c for c in ("viewers", "joins", "comments", "likes", "orders") if minutes[c].notna().any()
    ]
    long = minutes.melt("minute", series, "series", "value")
    bad = suspicious_minutes(minutes)
    granted = minutes.loc[minutes["granted"] > 0, ["minute"]].assign(stop=lambda d: d["minute"] + 1)
    rows = []
    for name in series:
        line = (
            alt.Chart(long[long["series"] == name])
            .mark_line(strokeWidth=1.2, color=INK)
            .encode(
                x=alt.X("minute:Q", title="minute" if name == series[-1] else None),
                y=alt.Y("value:Q", title=name),
            )
        )
        own, other = bad[bad["series"] == name], bad[bad["series"] != name]
        layers = [
            alt.Chart(granted).mark_rect(opacity=0.2, color=CALM).encode(x="minute:Q", x2="stop:Q"),
            alt.Chart(other).mark_rect(opacity=0.07, color=ALERT).encode(x="start:Q", x2="stop:Q"),
            alt.Chart(own).mark_rect(opacity=0.32, color=ALERT).encode(x="start:Q", x2="stop:Q"),
        ]
        rows.append(
            alt.layer(*layers, line).properties(width=820, height=90 if name == "viewers" else 55)
        )
    return alt.vconcat(*rows, spacing=4).configure_view(stroke="#e3e8ee").configure_axis(grid=False)


def ring_chart(graph: nx.Graph) -> alt.LayerChart:
    """Chart the best-linked members of a ring, at most `MAX_CHARTED_MEMBERS`.

    Red links are purchases, blue ones joins, green ones shared identities.
    """
    keep = sorted(graph.nodes, key=lambda n: (-graph.degree[n], n))[:MAX_CHARTED_MEMBERS]
    part = graph.subgraph(keep)
    place = nx.spring_layout(nx.Graph(sorted(part.edges)), seed=3)
    nodes = pd.DataFrame(
        [
            {"id": n, "x": place[n][0], "y": place[n][1], "links": part.degree[n]}
            for n in sorted(place)
        ]
    )
    lines = []
    for a, b, evidence in sorted(part.edges(data=True)):
        kind = (
            "purchases"
            if "buy" in evidence
            else "joins"
            if "watch" in evidence
            else "shared identity"
        )
        lines.append(
            {"x": place[a][0], "y": place[a][1], "x2": place[b][0], "y2": place[b][1], "link": kind}
        )
    frame = pd.DataFrame(lines, columns=["x", "y", "x2", "y2", "link"])
    axis = alt.Axis(labels=False, ticks=False, domain=False, grid=False, title=None)
    colour = alt.Color(
        "link:N",
        title="link",
        scale=alt.Scale(
            domain=["purchases", "joins", "shared identity"],
            range=[ALERT, "#3a6ea5", CALM],
        ),
    )
    edges = (
        alt.Chart(frame)
        .mark_rule(opacity=0.45)
        .encode(
            x=alt.X("x:Q", axis=axis), y=alt.Y("y:Q", axis=axis), x2="x2:Q", y2="y2:Q", color=colour
        )
    )
    dots = (
        alt.Chart(nodes)
        .mark_circle(color=INK, opacity=0.9)
        .encode(x="x:Q", y="y:Q", size=alt.Size("links:Q", legend=None))
    )
    return alt.layer(edges, dots).properties(width=520, height=380).configure_view(stroke="#e3e8ee")
