"""Single views of sessions, looked at: which of them are false, and what they say of their session.

A night looks at the views of sessions of the two weeks that it compares with tonight's (`yardsticks.py`), for what an account did in sessions
before tells of its views tonight. What views say of their session (`features/posteriors/view_mixture.py`) moves its probability before
operators' other sessions do. There views of those who ordered in it do not count: they are judged with their orders, which a rival may
have placed. In the shares of false views, which say how much of a count is real, they do.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from features.declaration import SESSION, VIEW
from features.engine.compute import compute
from features.engine.snapshot import Snapshot
from features.engine.tables import named_views
from features.posteriors import view_mixture, view_mixture_em
from training.dataset.replay import by_name
from training.release.artefact import Released

ENOUGH = 500_000  # views by which accounts are known elsewhere: a night does not grow with rooms of a hundred thousand viewers


@dataclass(frozen=True)
class Looked:
    """Views of sessions, and what they say of them, before anybody asks how probable it is that each session was inflated.

    `views`: index view_id, sorted by session; session_id, account_id, device_id and `ordered`, whether the account ordered there.
    `start`: where each session's views start and the last end; `ratio`: of each view, by itself and by what its account did elsewhere;
    `evidence`: index session; logs of Bayes factors of its having been inflated, `all` by all views and `judged` by those of no buyer;
    `distrust`: what the sessions held honest reach by views alone; `binned`: the attributes of each view, from which sessions that are
    inflated learn what their own false views look like (`features/posteriors/view_mixture_em.py`).
    """

    views: pd.DataFrame
    start: np.ndarray
    ratio: np.ndarray
    found: view_mixture.Mixtures
    evidence: pd.DataFrame
    distrust: float
    binned: view_mixture_em.Binned | None = None

    def moved(
        self, probability: np.ndarray, sessions: pd.Index, which: str = "judged"
    ) -> np.ndarray:
        """Probabilities of sessions, moved by what their views say; sessions whose views were not looked at keep theirs."""
        return view_mixture.updated(
            probability, self.evidence[which].reindex(sessions).to_numpy(dtype=float), self.distrust
        )

    def shares(self, probability: pd.Series) -> view_mixture.Shares:
        """False shares and posteriors of single views; `probability`: of each session now that all its views are known, 0 where not named."""
        inflated = probability.reindex(self.evidence.index).fillna(0.0).to_numpy()
        shares = view_mixture.shares_of(self.found, self.ratio, self.start, inflated)
        if self.binned is None:
            return shares
        ratio = view_mixture_em.sharpened(
            self.binned, self.ratio, self.start, shares.posterior, inflated
        )
        return view_mixture.shares_of(
            view_mixture.mixtures(ratio, self.start), ratio, self.start, inflated
        )


def look(tables: Snapshot, released: Released, probability: pd.Series) -> Looked | None:
    """Look at the views of some sessions; None where they have none.

    `probability`: of each session having been inflated by everything but its single views, index session.
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
    p = released.probability(released.raw(values)).clip(1e-6, 1 - 1e-6)
    before = probability.reindex(names).fillna(0.0).clip(0.0, 1.0).to_numpy()
    honest = np.repeat(before < view_mixture.HONEST, np.diff(start))
    ratio = view_mixture.likelihood_ratio(p / (1.0 - p), honest)
    ordered = views["ordered"].to_numpy(dtype=bool)
    distrust = view_mixture.null_of(
        before, view_mixture.mixtures(np.where(ordered, 1.0, ratio), start).factor
    )
    ratio = view_mixture.tempered(ratio, distrust)
    alone = view_mixture.false_shares(np.where(ordered, 1.0, ratio), start, before)
    session = np.repeat(np.arange(len(names)), np.diff(start))
    ratio = view_mixture.known_elsewhere(
        ratio, alone.posterior, session, [views["account_id"], views["device_id"]]
    )
    found = view_mixture.mixtures(ratio, start)
    judged = view_mixture.mixtures(np.where(ordered, 1.0, ratio), start)
    evidence = pd.DataFrame(
        {"all": found.factor, "judged": judged.factor}, index=pd.Index(names, name="session_id")
    )
    return Looked(
        views, start, ratio, found, evidence, distrust, view_mixture_em.binned(values, honest)
    )


def worth_looking(views: pd.Series, tonight: pd.Index) -> list[str]:
    """Sessions whose views a night looks at: tonight's, and others by their names while there are no more than `ENOUGH` views in all.

    `views`: how many views each has, index session.
    """
    others = by_name(views.index.difference(tonight), len(views))
    total = views[views.index.isin(tonight)].sum() + views.reindex(others).fillna(0.0).cumsum()
    return sorted([*tonight, *total.index[total <= ENOUGH]])


def viewers(tables: Snapshot, sessions: pd.Index) -> pd.DataFrame:
    """Who watched on what, and whether they ordered in that session: index view_id; session_id, account_id, device_id, ordered."""
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


def attributed_shares(looked: Looked, probability: pd.Series) -> pd.DataFrame:
    """False share of the views of each session: index session; share, low, high, certainty, and `viewers`, by which to multiply it for the
    false share of viewers (`viewers_of_views`). `probability`: of each session now that all its views are known, index session."""
    found = looked.shares(probability)
    frame = pd.DataFrame(
        {"share": found.share, "low": found.low, "high": found.high, "certainty": found.certainty},
        looked.evidence.index,
    )
    more = viewers_of_views(
        found.posterior,
        looked.views["session_id"].to_numpy(),
        looked.views["account_id"].to_numpy(),
    )
    return frame.assign(viewers=more.reindex(frame.index).to_numpy())[
        frame.index.isin(probability.index)
    ]


def viewers_of_views(posterior: np.ndarray, session: np.ndarray, account: np.ndarray) -> pd.Series:
    """False share of viewers over that of views, by session, 1 where none is false.

    Three arrays over views: the posterior of each being false, its session, and who watched (None: not known). A viewer is real who
    watched once for real, and what counts is the least suspicious view: bots come back more often than people do, so that fewer
    viewers are false than views.
    """
    v = pd.DataFrame({"p": posterior, "session": session, "account": account})
    of_views = v.groupby("session")["p"].mean()
    of_viewers = (
        v.dropna(subset=["account"])
        .groupby(["session", "account"])["p"]
        .min()
        .groupby("session")
        .mean()
    )
    return (of_viewers.reindex(of_views.index) / of_views.where(of_views > 0)).fillna(1.0)
