"""Evidence from single views: which views of a session are false, and what they say of it.

A night assesses views of tonight's sessions and of other sessions of the last two weeks. An
account's earlier sessions are evidence on its views tonight. The evidence updates a session's
probability before its operator's other sessions do (ADR-0018).

Views of buyers do not count there: they are judged with their orders, which a rival may have
placed. They count in the shares of false views, which tell how much of a count is real.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import Enum

import numpy as np
import pandas as pd

from features.declaration import SESSION, VIEW
from features.engine.compute import compute
from features.engine.snapshot import Snapshot
from features.engine.tables import named_views
from features.posteriors import view_mixture, view_mixture_em
from training.dataset.sampling import sample_by_hash
from training.release.artefact import Released

MAX_ASSESSED_VIEWS = 500_000  # bounds a night's cost on rooms of a hundred thousand viewers
MIN_VIEW_PROBABILITY = 1e-6
MAX_MEDIAN_VIEWS = 50_000  # of the views by which the peers of a view are known


class ViewSet(Enum):
    """Views that count as evidence on their session."""

    ALL = "all"
    NON_BUYERS = "judged"


@dataclass(frozen=True)
class ViewEvidence:
    """Assessed views of sessions, and their evidence before any probability of a session.

    Attributes
    ----------
    views
        Index view_id, sorted by session; session_id, account_id, device_id and `ordered` (the
        account ordered in that session).
    start
        Row where the views of each session start, then the number of views; shape (sessions + 1,).
    ratio
        Likelihood ratio of each view, updated by its account's and device's other sessions.
    mixtures
        Mixture of false and honest views of each session.
    log_factors
        Index session; log Bayes factor of its inflation, one column for each `ViewSet`.
    null_factor
        Log Bayes factor that honest sessions reach by chance.
    binned
        Binned attributes of each view, for the EM within inflated sessions.
    medians
        Median of each signal over assessed views, with which reasons compare.
    release
        The release that scored the views, with the views of this night as peers.
    """

    views: pd.DataFrame
    start: np.ndarray
    ratio: np.ndarray
    mixtures: view_mixture.Mixtures
    log_factors: pd.DataFrame
    null_factor: float
    binned: view_mixture_em.BinnedAttributes | None = None
    medians: dict[str, float] = field(default_factory=dict)
    release: Released | None = None

    def update(
        self,
        probability: np.ndarray,
        sessions: pd.Index,
        views: ViewSet = ViewSet.NON_BUYERS,
    ) -> np.ndarray:
        """Probabilities of sessions after the evidence; sessions without views keep theirs."""
        factors = self.log_factors[views.value].reindex(sessions).to_numpy(dtype=float)
        return view_mixture.update_sessions(probability, factors, self.null_factor)

    def shares(self, probability: pd.Series) -> view_mixture.Shares:
        """False shares of sessions and posteriors of single views.

        Parameters
        ----------
        probability
            Probability of each session after all its views, index session; 0 where missing.
        """
        inflated = probability.reindex(self.log_factors.index).fillna(0.0).to_numpy()
        shares = view_mixture.false_shares_of(self.mixtures, self.ratio, self.start, inflated)
        if self.binned is None:
            return shares
        ratio = view_mixture_em.refine_ratios(
            self.binned, self.ratio, self.start, shares.posterior, inflated
        )
        return view_mixture.false_shares_of(
            view_mixture.mixtures(ratio, self.start), ratio, self.start, inflated
        )


def assess_views(
    tables: Snapshot, released: Released, probability: pd.Series
) -> ViewEvidence | None:
    """Assess the views of some sessions; None where they have none.

    Parameters
    ----------
    tables
        dict[str, Any] of the night.
    released
        Release that scores single views.
    probability
        Probability of each session by everything but its single views, index session.
    """
    signals = compute(tables, released.model.signals, VIEW, sorted(probability.index))
    if signals.empty:
        return None
    views = viewers(tables, probability.index).reindex(signals.index)
    order = np.argsort(views["session_id"].to_numpy().astype(str), kind="stable")
    views = views.iloc[order]
    names, start = np.unique(views["session_id"].to_numpy().astype(str), return_index=True)
    start = np.append(start, len(views)).astype(np.int64)
    values = signals[released.columns].to_numpy()[order]
    tonight = released.rebased_on(signals)
    p = tonight.probability(tonight.raw(values))
    p = p.clip(MIN_VIEW_PROBABILITY, 1 - MIN_VIEW_PROBABILITY)
    prior = probability.reindex(names).fillna(0.0).clip(0.0, 1.0).to_numpy()
    honest = np.repeat(prior < view_mixture.MAX_HONEST_PROBABILITY, np.diff(start))
    ratio = view_mixture.likelihood_ratio(p / (1.0 - p), honest)
    ordered = views["ordered"].to_numpy(dtype=bool)
    null_factor = view_mixture.empirical_null(
        prior, view_mixture.mixtures(np.where(ordered, 1.0, ratio), start).factor
    )
    ratio = view_mixture.temper_ratios(ratio, null_factor)
    first = view_mixture.false_shares(np.where(ordered, 1.0, ratio), start, prior)
    session = np.repeat(np.arange(len(names)), np.diff(start))
    ratio = view_mixture.update_with_account_history(
        ratio, first.posterior, session, [views["account_id"], views["device_id"]]
    )
    mixtures = view_mixture.mixtures(ratio, start)
    non_buyers = view_mixture.mixtures(np.where(ordered, 1.0, ratio), start)
    log_factors = pd.DataFrame(
        {ViewSet.ALL.value: mixtures.factor, ViewSet.NON_BUYERS.value: non_buyers.factor},
        index=pd.Index(names, name="session_id"),
    )
    return ViewEvidence(
        views,
        start,
        ratio,
        mixtures,
        log_factors,
        null_factor,
        view_mixture_em.bin_attributes(values, honest),
        signals.iloc[:: 1 + len(signals) // MAX_MEDIAN_VIEWS].median().to_dict(),
        tonight,
    )


def sessions_to_assess(views: pd.Series, tonight: pd.Index) -> list[str]:
    """Tonight's sessions, and others by `sample_by_hash` up to `MAX_ASSESSED_VIEWS` in all.

    Parameters
    ----------
    views
        Views of each session, index session.
    tonight
        Sessions that are always assessed.
    """
    others = sample_by_hash(views.index.difference(tonight), len(views))
    total = views[views.index.isin(tonight)].sum() + views.reindex(others).fillna(0.0).cumsum()
    return sorted([*tonight, *total.index[total <= MAX_ASSESSED_VIEWS]])


def viewers(tables: Snapshot, sessions: pd.Index) -> pd.DataFrame:
    """Viewers of sessions: index view_id; session_id, account_id, device_id, ordered."""
    scope = tables.scope(sorted(sessions), SESSION)
    v = named_views(tables["views"].semi_join(scope, "session_id")).select(
        "view_id", "session_id", "account_id", "device_id"
    )
    if "orders" not in tables:
        return v.to_pandas().set_index("view_id").assign(ordered=False)
    o = (
        tables["orders"]
        .semi_join(scope, "session_id")
        .select("session_id", account_id="buyer_id", ordered=True)
        .distinct()
    )
    seen = (
        v.left_join(o, ["session_id", "account_id"])
        .select(*v.columns, "ordered")
        .to_pandas()
        .set_index("view_id")
    )
    return seen.assign(ordered=seen["ordered"].notna())
