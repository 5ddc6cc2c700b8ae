"""A ring as a picture: members as dots, links as lines by kind, placed the same each time."""

from __future__ import annotations

from dataclasses import dataclass

import networkx as nx

WIDTH, HEIGHT, MARGIN = 720, 480, 26
MAX_DRAWN_MEMBERS = 200  # the best linked; the table twin has all
LAYOUT_SEED = 3
LINK_GROUPS = {"buy": "purchase", "block": "purchase", "watch": "join"}


@dataclass(frozen=True)
class Dot:
    """A member: place, radius and number of links."""

    account: str
    x: float
    y: float
    radius: float
    links: int


@dataclass(frozen=True)
class Line:
    """A link: its ends, its group (purchase, join or shared identity) and number by kind."""

    x1: float
    y1: float
    x2: float
    y2: float
    group: str
    left: str
    right: str
    kinds: tuple[tuple[str, int], ...]


@dataclass(frozen=True)
class RingPicture:
    """The picture, and how many members of how many it draws."""

    width: int
    height: int
    dots: tuple[Dot, ...]
    lines: tuple[Line, ...]
    total: int


def ring_picture(graph: nx.Graph) -> RingPicture:
    """Geometry of a ring (Fruchterman-Reingold layout with a fixed seed)."""
    drawn = sorted(graph.nodes, key=lambda n: (-graph.degree[n], n))[:MAX_DRAWN_MEMBERS]
    part = nx.Graph()
    part.add_nodes_from(sorted(drawn))
    part.add_edges_from(sorted((min(a, b), max(a, b)) for a, b in graph.subgraph(drawn).edges))
    place = nx.spring_layout(part, seed=LAYOUT_SEED) if len(part) else {}
    at = _fitted({n: (float(x), float(y)) for n, (x, y) in place.items()})
    most = max((part.degree[n] for n in part), default=1) or 1
    dots = tuple(
        Dot(n, *at[n], round(4 + 6 * (part.degree[n] / most) ** 0.5, 1), part.degree[n])
        for n in sorted(part)
    )
    lines = []
    for a, b in sorted(part.edges):
        kinds = tuple(sorted((k, int(v)) for k, v in graph.edges[a, b].items()))
        lines.append(Line(*at[a], *at[b], _group(kinds), a, b, kinds))
    return RingPicture(WIDTH, HEIGHT, dots, tuple(lines), graph.number_of_nodes())


def _fitted(place: dict[str, tuple[float, float]]) -> dict[str, tuple[float, float]]:
    """Places stretched to the picture, to a tenth of a unit."""
    if not place:
        return {}
    ends = [(min(v), max(v)) for v in zip(*place.values(), strict=True)]

    def fit(value: float, end: tuple[float, float], size: int) -> float:
        span = end[1] - end[0]
        part = 0.5 if span <= 0 else (value - end[0]) / span
        return round(MARGIN + part * (size - 2 * MARGIN), 1)

    return {n: (fit(x, ends[0], WIDTH), fit(y, ends[1], HEIGHT)) for n, (x, y) in place.items()}


def _group(kinds: tuple[tuple[str, int], ...]) -> str:
    groups = {LINK_GROUPS.get(kind, "identity") for kind, _times in kinds}
    return next((g for g in ("purchase", "join") if g in groups), "identity")
