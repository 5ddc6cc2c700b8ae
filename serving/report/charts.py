"""Charts of the report as SVG text, without script or network."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from functools import partial

import altair as alt
import networkx as nx
import pandas as pd
import vl_convert

from serving.report.minute_windows import suspicious_minutes
from serving.report.words import label

INK, ALERT, CALM, QUIET = "#1f3044", "#b3362b", "#2f7d6b", "#9aa7b4"


def svg(chart: alt.TopLevelMixin) -> str:
    """A chart as SVG."""
    return vl_convert.vegalite_to_svg(chart.to_dict())


def in_both_languages(draw: Callable[[str], str]) -> dict[str, str]:
    """A picture in Chinese and English, of which a page shows one."""
    return {language: draw(language) for language in ("zh", "en")}


def session_timeline(
    minutes: pd.DataFrame, band: pd.DataFrame | None = None, language: str = "en"
) -> str:
    """SVG of `timeline_chart`."""
    return svg(timeline_chart(minutes, band, language))


def timeline_chart(
    minutes: pd.DataFrame, band: pd.DataFrame | None = None, language: str = "en"
) -> alt.VConcatChart:
    """Chart a session by minute: viewers with the expected band, joins, comments, likes, orders.

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
                x=alt.X(
                    "minute:Q", title=label(language, "minute") if name == series[-1] else None
                ),
                y=alt.Y("value:Q", title=label(language, name)),
            )
        )
        own, other = bad[bad["series"] == name], bad[bad["series"] != name]
        layers = [
            alt.Chart(granted).mark_rect(opacity=0.2, color=CALM).encode(x="minute:Q", x2="stop:Q"),
            alt.Chart(other).mark_rect(opacity=0.07, color=ALERT).encode(x="start:Q", x2="stop:Q"),
            alt.Chart(own).mark_rect(opacity=0.32, color=ALERT).encode(x="start:Q", x2="stop:Q"),
        ]
        if name == "viewers" and band is not None:
            layers.append(
                alt.Chart(band)
                .mark_area(opacity=0.25, color=QUIET)
                .encode(x="minute:Q", y="low:Q", y2="high:Q")
            )
        rows.append(
            alt.layer(*layers, line).properties(width=820, height=90 if name == "viewers" else 55)
        )
    return alt.vconcat(*rows, spacing=4).configure_view(stroke="#e3e8ee").configure_axis(grid=False)


def risk_history_chart(nights: pd.DataFrame, language: str = "en") -> str:
    """Risk of an operator night by night; a ring marks a change of model.

    Columns date, risk, tier, model_version.
    """
    h = nights.dropna(subset=["risk"]).assign(
        date=lambda d: pd.to_datetime(d["date"]).dt.strftime("%Y-%m-%d")
    )
    h = h.assign(
        changed=h["model_version"].ne(h["model_version"].shift())
        & h["model_version"].shift().notna()
    )
    base = alt.Chart(h).encode(
        x=alt.X("date:O", title=None, axis=alt.Axis(labelAngle=0, labelOverlap=True)),
        y=alt.Y("risk:Q", title=label(language, "risk"), scale=alt.Scale(domain=[0, 1])),
    )
    tiers = alt.Color(
        "tier:N",
        scale=alt.Scale(domain=list("ABCD"), range=[CALM, "#8f8a3a", "#c9772b", ALERT]),
        legend=None,
    )
    rings_ = base.transform_filter("datum.changed").mark_point(size=180, color=INK, strokeWidth=1.5)
    return svg(
        alt.layer(
            base.mark_line(color=QUIET),
            base.mark_circle(size=50, opacity=1).encode(color=tiers),
            rings_,
        ).properties(width=420, height=70)
    )


def ring_graph(graph: nx.Graph, most: int = 200, language: str = "en") -> str:
    """SVG of `ring_chart`."""
    return svg(ring_chart(graph, most, language))


def ring_chart(graph: nx.Graph, most: int = 200, language: str = "en") -> alt.LayerChart:
    """Chart the `most` best-linked members of a ring.

    Red links are purchases, blue ones joins, green ones shared identities.
    """
    keep = sorted(graph.nodes, key=lambda n: (-graph.degree[n], n))[:most]
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
    frame["link"] = frame["link"].map(partial(label, language))
    axis = alt.Axis(labels=False, ticks=False, domain=False, grid=False, title=None)
    colour = alt.Color(
        "link:N",
        title=label(language, "link"),
        scale=alt.Scale(
            domain=[label(language, n) for n in ("purchases", "joins", "shared identity")],
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


def linking_path(graph: nx.Graph) -> list[tuple[str, str, str]]:
    """The shortest path between the two least connected members of a ring's largest part.

    Each step has from, to and evidence.
    """
    part = (
        graph.subgraph(max(nx.connected_components(graph), key=lambda c: (len(c), sorted(c))))
        if len(graph)
        else graph
    )
    if len(part) < 2:
        return []
    first = min(part.nodes, key=lambda n: (part.degree[n], n))
    far = nx.single_source_shortest_path(part, first)
    last = max(sorted(far), key=lambda n: len(far[n]))
    path = far[last]
    return [
        (a, b, ", ".join(f"{k} {v}" for k, v in sorted(part[a][b].items())))
        for a, b in itertools.pairwise(path)
    ]


def tier_bar_chart(counts: pd.DataFrame, language: str = "en") -> str:
    """Operators in each tier, tonight and the night before. Columns tier, night, operators."""
    word = partial(label, language)
    return svg(
        alt.Chart(counts.assign(night=counts["night"].map(word)))
        .mark_bar()
        .encode(
            x=alt.X("operators:Q", title=word("operators")),
            y=alt.Y("tier:N", title=None),
            yOffset=alt.YOffset("night:N", sort=[word("before"), word("tonight")]),
            color=alt.Color(
                "night:N",
                scale=alt.Scale(domain=[word("before"), word("tonight")], range=[QUIET, INK]),
                legend=alt.Legend(title=None),
            ),
        )
        .properties(width=420, height=alt.Step(14))
    )
