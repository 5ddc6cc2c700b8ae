"""Rings of a night, as tables and as networkx graphs."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, field
from datetime import datetime

import networkx as nx
import pandas as pd

# What XML 1.0 cannot hold, and line ends, which its readers turn into spaces.
NOT_IN_XML = re.compile("[\x00-\x1f\x7f-\x9f\ud800-\udfff\ufffe\uffff]")


def graph_name(name: str) -> str:
    """An id as a text that any format of networkx can hold; different ids stay different.

    Characters that XML cannot hold are escaped by their code. Other ids stay as they are.
    """
    if "\\" not in name and not NOT_IN_XML.search(name):
        return name
    escaped = name.replace("\\", "\\\\")
    return NOT_IN_XML.sub(lambda found: f"\\x{ord(found.group()):02x}", escaped)


@dataclass(frozen=True)
class Ring:
    """One ring, as an analyst reads it.

    Attributes
    ----------
    members
        Account ids, sorted.
    shops
        Operators that at least two members met.
    evidence
        Number of links by kind.
    density
        Share of the pairs that are linked, 0 to 1.
    window
        First and last moment of the members' acts.
    significance
        Evidence beyond chance, in nats.
    links
        Links between members: left, right, kind, times.
    """

    ring_id: str
    members: tuple[str, ...]
    shops: tuple[str, ...]
    evidence: dict[str, int]
    density: float
    window: tuple[datetime, datetime]
    significance: float
    links: pd.DataFrame = field(repr=False, compare=False)

    def graph(self) -> nx.Graph:
        """Members and their links as a networkx graph.

        Each edge carries the number of links by kind; the graph carries the ring's fields. All are
        texts and numbers, which any format of networkx can write.
        """
        first, last = (t.isoformat() for t in self.window)
        graph = nx.Graph(
            ring_id=self.ring_id,
            shops=",".join(map(graph_name, self.shops)),
            evidence=json.dumps(self.evidence, sort_keys=True),
            density=self.density,
            first_at=first,
            last_at=last,
            significance=self.significance,
        )
        graph.add_nodes_from(map(graph_name, self.members))
        for left, right, kind, times in self.links[["left", "right", "kind", "times"]].itertuples(
            index=False
        ):
            ends = graph_name(left), graph_name(right)
            graph.add_edge(*ends)
            graph.edges[ends][kind] = int(times)
        return graph


@dataclass(frozen=True)
class Rings:
    """Rings of a night: `rings` and `members` as in their contracts, links, and shared shops.

    `links`: left, right, kind, times. `shops`: ring_id, operator_id, members (who met it).
    """

    rings: pd.DataFrame
    members: pd.DataFrame
    links: pd.DataFrame
    shops: pd.DataFrame

    def ring(self, ring_id: str) -> Ring:
        """One of them. Raises KeyError where there is none of that name."""
        named = self.rings[self.rings["ring_id"] == ring_id]
        if named.empty:
            raise KeyError(
                f"no ring {ring_id!r} among the {len(self.rings)} of this night: "
                "`rings` has their names"
            )
        one = named.iloc[0]
        inside = self.members.loc[self.members["ring_id"] == ring_id, "account_id"]
        met = self.shops.loc[self.shops["ring_id"] == ring_id, "operator_id"]
        return Ring(
            ring_id,
            tuple(sorted(inside)),
            tuple(sorted(met)),
            json.loads(one["evidence"]),
            float(one["density"]),
            (one["first_at"], one["last_at"]),
            float(one["significance"]),
            self.links[self.links["left"].isin(inside) & self.links["right"].isin(inside)],
        )

    def graph(self, ring_id: str) -> nx.Graph:
        """One of them as a networkx graph (`Ring.graph`)."""
        return self.ring(ring_id).graph()
