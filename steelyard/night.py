"""A published night in an analyst's hands, and one case of it."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import date
from functools import cached_property
from typing import Any

import altair as alt
import networkx as nx
import pandas as pd

from data_contracts.errors import LakeProblem
from data_contracts.lake import Lake
from data_contracts.runs import published_run
from features.declaration import SESSION
from features.engine.minute_arrays import minutes_frame
from features.engine.snapshot import Snapshot
from features.former_names import read_night
from features.graphs.rings import Rings
from serving.nightly.scored_night import rings_of
from serving.policy.load import policy_of_text
from serving.policy.schema import Policy
from serving.scoring.scope import moment_of
from steelyard.charts import ring_chart, timeline_chart


@dataclass(frozen=True)
class NightView:
    """A published night. Get one from `LakeView.night`."""

    lake: Lake
    date: date

    def table(self, name: str) -> pd.DataFrame:
        """Return an outbound table of the night, as docs/reference/contracts.md describes it."""
        return read_night(self.lake, name, self.date.isoformat())

    @cached_property
    def run(self) -> dict[str, Any]:
        """The manifest: run id, models, policy, digests of data and code."""
        return published_run(self.lake, self.date.isoformat()).manifest

    @cached_property
    def policy(self) -> Policy:
        """The policy that was in force."""
        run = published_run(self.lake, self.date.isoformat())
        return policy_of_text(run.text("policy.toml") or "", run.folder / "policy.toml")

    @cached_property
    def scores(self) -> pd.DataFrame:
        """Scores of sessions, orders, operators and accounts, with probability and reasons."""
        return self.table("scores")

    @cached_property
    def signals(self) -> pd.DataFrame:
        """Values of signals: entity_kind, entity_id, signal, value."""
        return self.table("signals")

    @cached_property
    def tiers(self) -> pd.DataFrame:
        """The tier of each operator, with risk, influence and the reasons for a move."""
        return self.table("tier_decisions")

    @cached_property
    def figures(self) -> pd.DataFrame:
        """Corrected figures with intervals."""
        return self.table("corrected_figures")

    @cached_property
    def false_views(self) -> pd.DataFrame:
        """Views that are probably false, with probability and reasons."""
        return self.table("false_views")

    @cached_property
    def rings(self) -> pd.DataFrame:
        """Rings: members, operators, density, significance, evidence."""
        return self.table("rings")

    @cached_property
    def snapshot(self) -> Snapshot:
        """The tables as they were known at the end of the night."""
        return Snapshot.open(self.lake, moment_of(self.date))

    def ring(self, ring_id: str) -> nx.Graph:
        """Return a ring as a graph: accounts, with the evidence of each link on its edge.

        Links are found anew, which takes as long as it took the night.
        """
        return self._rings.graph(ring_id)

    def ring_chart(self, ring_id: str) -> alt.LayerChart:
        """Chart a ring: red links are purchases, blue ones joins, green ones shared identities."""
        return ring_chart(self.ring(ring_id))

    def case(self, entity_id: str, kind: str | None = None) -> CaseView:
        """Return a session, order, operator or account that the night scored.

        `kind` tells entities of one id apart.

        Raises
        ------
        LakeProblem
            The night has no score of it, or several kinds have that id and none was named.
        """
        found = self.scores[self.scores["entity_id"] == entity_id]
        kinds = sorted(set(found["entity_kind"]) & ({kind} if kind else set(found["entity_kind"])))
        if not kinds:
            raise LakeProblem(f"the night of {self.date} has no score of {entity_id!r}")
        if len(kinds) > 1:
            raise LakeProblem(f"{entity_id!r} is of several kinds; name one: {', '.join(kinds)}")
        return CaseView(self, kinds[0], entity_id)

    @cached_property
    def _rings(self) -> Rings:
        """All rings of the night with their links."""
        return rings_of(self.lake, self.date)


@dataclass(frozen=True)
class CaseView:
    """One entity of a night. Get one from `NightView.case`."""

    night: NightView
    kind: str
    entity_id: str

    def _about(self, frame: pd.DataFrame) -> pd.DataFrame:
        """Rows about this entity; ids of other kinds may be the same."""
        return frame[(frame["entity_kind"] == self.kind) & (frame["entity_id"] == self.entity_id)]

    @property
    def score(self) -> pd.Series:
        """The score of the model in force; the anomaly score where no model was asked."""
        found = self._about(self.night.scores)
        judged = found[found["model"] != "deviance"]
        return (judged if len(judged) else found).iloc[0]

    @property
    def reasons(self) -> pd.DataFrame:
        """Reasons of the score, strongest first: signal, value, peers, share, en, zh."""
        return pd.DataFrame(json.loads(self.score["reasons"]))

    @property
    def signals(self) -> pd.Series:
        """Values of its signals, by name."""
        return self._about(self.night.signals).set_index("signal")["value"]

    @property
    def figures(self) -> pd.DataFrame:
        """Its corrected figures."""
        return self._about(self.night.figures).reset_index(drop=True)

    @cached_property
    def views(self) -> pd.DataFrame:
        """Views of the session, with `joined_minute` after its start and `stay_seconds`."""
        views, sessions = self._rows("views"), self._rows("sessions")
        start = sessions["started_at"].iloc[0]
        return views.assign(
            joined_minute=(views["joined_at"] - start).dt.total_seconds() / 60,
            stay_seconds=(views["left_at"] - views["joined_at"]).dt.total_seconds(),
        )

    @property
    def false_views(self) -> pd.DataFrame:
        """Views of the session that are named false, the most probable first."""
        found = self.night.false_views.query("session_id == @self.entity_id")
        return found.sort_values("probability", ascending=False, ignore_index=True)

    @cached_property
    def minutes(self) -> pd.DataFrame:
        """Counters of the session by minute; `granted` marks a boost or a raid."""
        return minutes_frame(self.night.snapshot, self._scope())

    def chart(self) -> alt.VConcatChart:
        """Chart the session by minute; windows without a granted cause are shaded in red."""
        return timeline_chart(self.minutes)

    def _rows(self, table: str) -> pd.DataFrame:
        """Rows of the session in an inbound table."""
        if table not in self.night.snapshot:
            raise LakeProblem(f"{table} was not delivered")
        return self.night.snapshot[table].semi_join(self._scope(), "session_id").to_pandas()

    def _scope(self) -> Any:
        """A relation with the session alone."""
        if self.kind != SESSION:
            raise LakeProblem(f"{self.entity_id!r} is of kind {self.kind!r}; only a session has it")
        return self.night.snapshot.scope([self.entity_id], SESSION)
