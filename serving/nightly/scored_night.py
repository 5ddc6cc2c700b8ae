"""First stage of a night: scores of sessions, orders, operators and accounts, and rings."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

import pandas as pd

from data_contracts.lake import Lake, LakeOrFolder
from data_contracts.runs import published_run
from data_contracts.verification.published_run import PublishedRun
from data_contracts.verification.run_opening import open_run
from features.declaration import ACCOUNT, OPERATOR, ORDER, SESSION
from features.engine.snapshot import Snapshot
from features.graphs.rings import Rings
from features.ring_discovery import find_rings
from serving.scoring.account_scores import AccountScores, score_accounts
from serving.scoring.entity_scores import (
    EntityScores,
    operator_evidence,
    score_operators,
    score_orders,
    score_sessions,
)
from serving.scoring.night_context import NightContext, Progress
from serving.scoring.scope import Scope, moment_of, scope_of_night


@dataclass(frozen=True)
class ScoredNight:
    """Scores of a night.

    Attributes
    ----------
    tables
        dict[str, Any] as known at the night's moment.
    scope
        Sessions and orders that the night scores.
    entities
        Scores by kind of entity; sessions or orders are absent when the night has none.
    rings
        Rings of accounts.
    accounts
        Scores of accounts as far as they are published, and how many there are.
    """

    tables: Snapshot
    scope: Scope
    entities: dict[str, EntityScores]
    rings: Rings
    accounts: AccountScores

    @property
    def sessions(self) -> EntityScores | None:
        """Scores of sessions; None when the night has none."""
        return self.entities.get(SESSION)

    @property
    def operators(self) -> EntityScores:
        """Scores of operators."""
        return self.entities[OPERATOR]


def score(context: NightContext, tables: Snapshot, say: Progress) -> ScoredNight:
    """Score everything in the scope of a night.

    Parameters
    ----------
    context
        Models, policy and the night before.
    tables
        dict[str, Any] as known at the night's moment.
    say
        Called with each step.
    """
    scope = scope_of_night(tables, context.as_of)
    scored: dict[str, EntityScores] = {}
    if scope.sessions:
        scored[SESSION] = score_sessions(context, tables, scope.sessions, say)
    if scope.orders:
        scored[ORDER] = score_orders(context, tables, scope.orders, say)
    scored[OPERATOR] = score_operators(context, tables, operator_evidence(scored), say)
    say("rings")
    rings = find_rings(tables, _ring_members(context.previous))
    members = rings.members["account_id"].tolist()
    accounts = score_accounts(context, tables, scope, members, say)
    if accounts.published is not None:
        scored[ACCOUNT] = accounts.published
    return ScoredNight(tables, scope, scored, rings, accounts)


def rings_of(folder: LakeOrFolder, night: date) -> Rings:
    """Rings as they were known at the end of a published night, with their links."""
    lake = Lake.open(folder)
    before = published_run(lake, night.isoformat()).manifest["before"]
    tables = Snapshot.open(lake, moment_of(night))
    return find_rings(tables, _ring_members(None if before is None else open_run(lake, before)))


def _ring_members(run: PublishedRun | None) -> pd.DataFrame | None:
    """Ring members of the night before, from which rings keep their names."""
    members = None if run is None else run.table("ring_members")
    return None if members is None else members.to_pandas()
