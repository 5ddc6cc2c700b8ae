"""Scores of accounts: those that act in the night's sessions and orders, and members of rings."""

from __future__ import annotations

from dataclasses import dataclass, replace

import ibis
import numpy as np
import pandas as pd

from features import catalogue
from features.declaration import ACCOUNT, ORDER, SESSION
from features.engine.compute import compute
from features.engine.snapshot import Snapshot
from serving.policy.schema import NightPolicy
from serving.scoring.entity_scores import EntityScores, score_compared
from serving.scoring.night_context import NightContext, Progress
from serving.scoring.posterior import ScoringContext
from serving.scoring.scope import Scope

MAX_SCORED_ACCOUNTS = 500_000  # bounds a night's memory; those with most actions are scored
# Tables of actions, the scored entity that they belong to, and the column of who acted.
ACTIONS = (
    ("views", SESSION, "account_id"),
    ("interactions", SESSION, "account_id"),
    ("orders", ORDER, "buyer_id"),
)


@dataclass(frozen=True)
class AccountScores:
    """Scores of accounts as far as they are published.

    Attributes
    ----------
    published
        Scores of the published accounts; ranks are those among all that were scored. None where
        no account acted.
    scored
        Number of accounts that were scored.
    left_out
        Number of accounts that acted and whose scores are not published.
    """

    published: EntityScores | None
    scored: int
    left_out: int


def score_accounts(
    context: NightContext, tables: Snapshot, scope: Scope, members: list[str], say: Progress
) -> AccountScores:
    """Score the accounts of a night.

    Parameters
    ----------
    context
        Context of the night.
    tables
        dict[str, Any] of the night.
    scope
        Sessions and orders of the night.
    members
        Members of rings; they are always scored and published.
    say
        Called with each step.
    """
    active, total = active_accounts(tables, scope)
    wanted = sorted({*active, *members})
    if not wanted:
        return AccountScores(None, 0, 0)
    signals = compute(
        tables,
        catalogue.of_entity(ACCOUNT),
        ACCOUNT,
        wanted,
        lambda name: say(f"{ACCOUNT} signals: {name}"),
    )
    scores = score_compared(context, tables, ACCOUNT, ScoringContext(signals), say)
    kept = published_accounts(scores, members, context.policy.night)
    published = replace(
        scores,
        signals=scores.signals.loc[kept],
        rows=scores.rows[scores.rows.index.isin(kept)],
        typologies=scores.typologies[scores.typologies.index.isin(kept)],
    )
    left_out = total - len(active) + len(wanted) - len(kept)
    return AccountScores(published, len(wanted), left_out)


def active_accounts(tables: Snapshot, scope: Scope) -> tuple[list[str], int]:
    """Accounts that act in the scored sessions and orders: those with most actions, and how many.

    Parameters
    ----------
    tables
        dict[str, Any] of the night.
    scope
        Sessions and orders of the night.
    """
    ids = {SESSION: scope.sessions, ORDER: scope.orders}
    parts = [
        tables[name]
        .semi_join(tables.scope(ids[entity], entity), f"{entity}_id")
        .select(account_id=who)
        for name, entity, who in ACTIONS
        if name in tables and ids[entity]
    ]
    if not parts:
        return [], 0
    acted = ibis.union(*parts) if len(parts) > 1 else parts[0]
    counted = (
        acted.filter(acted.account_id.notnull())
        .group_by("account_id")
        .aggregate(actions=ibis._.count())
    )
    total = int(counted.count().to_pandas())
    first = counted.order_by(ibis.desc("actions"), "account_id").limit(MAX_SCORED_ACCOUNTS)
    return first.account_id.to_pandas().tolist(), total


def published_accounts(scores: EntityScores, members: list[str], policy: NightPolicy) -> pd.Index:
    """Accounts whose scores are published: the highest, probable ones, and members of rings."""
    rows = scores.model_rows
    highest = (rows["rank"] <= np.ceil(policy.account_share * len(rows))) & (rows["score"] > 0)
    probable = rows["probability"] >= policy.explain_from
    return rows.index[(highest | probable).to_numpy() | rows.index.isin(members)]
