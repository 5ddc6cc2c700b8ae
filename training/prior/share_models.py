"""Learning of false shares of figures over families of simulated worlds.

The estimate is the median of the false share, which minimises the expected absolute error: nothing
below a probability that is chosen on families left out, at least one half (ADR-0063).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import lightgbm as lgb
import numpy as np
import pandas as pd

from training.declaration import FITTING, Model
from training.estimator.calibration import isotonic
from training.estimator.share_bands import TAKEN_FROM, total_score
from training.estimator.share_prior import MEASURES, OrderShares, ShareModel, SharePrior
from training.prior.band_fitting import (
    Predictions,
    figure_weights,
    fit_bands,
    inflated,
    probability_of_taking,
    taken_from_clean,
)
from training.prior.examples import inputs_of, masked_copies
from training.prior.learn import FAMILY_FOLDS
from training.prior.world_frames import WorldFrame

FAST: dict[str, float | int | str] = {"learning_rate": 0.1, "min_data_in_leaf": 20}
INFLATED_ROUNDS, SHARE_ROUNDS = 150, 80
SESSION, OPERATOR, PLATFORM = "session", "operator", "platform"
Boosters = tuple[lgb.Booster, lgb.Booster]  # of inflation, and of the share of inflated figures
Predicted = tuple[np.ndarray, np.ndarray]  # log-odds of inflation, and share, of each row


@dataclass(frozen=True)
class ShareExamples:
    """Inputs (n, inputs), shares and counts (n, measures), and whose they are (n,).

    `complete` marks rows of worlds as they are, without dropped tables.
    """

    inputs: np.ndarray
    shares: np.ndarray
    counted: np.ndarray
    family: np.ndarray
    world: np.ndarray
    owner: np.ndarray
    complete: np.ndarray


def share_examples(
    frames: Sequence[WorldFrame], counted: Mapping[str, pd.DataFrame], model: Model, seed: int = 0
) -> ShareExamples:
    """Examples of sessions of worlds, and of copies with tables dropped at random.

    Parameters
    ----------
    frames
        Frames of sessions.
    counted
        Views, likes and follows of each session as delivered, by world; index session.
    model
        The model whose signals are read.
    seed
        Seed of what is dropped.
    """
    rng, parts = np.random.default_rng(seed), []
    for frame in frames:
        n = len(frame.signals)
        of_world = counted[frame.world].reindex(frame.signals.index)[list(MEASURES)]
        owner = np.full(n, None) if frame.owner is None else frame.owner
        for k, copy in enumerate(masked_copies(frame, rng)):
            values = copy.signals.reindex(columns=model.columns).to_numpy(dtype=float)
            if not np.isfinite(values).any():
                continue
            parts.append(
                (
                    inputs_of(values, model.columns, model.size_signals, copy.owner).astype("f4"),
                    frame.shares[list(MEASURES)].to_numpy(dtype=float),
                    of_world.fillna(0.0).to_numpy(dtype=float),
                    np.full(n, frame.family, dtype=object),
                    np.full(n, frame.world, dtype=object),
                    owner,
                    np.full(n, k == 0),
                )
            )
    return ShareExamples(*(np.concatenate(column) for column in zip(*parts, strict=True)))


def learn_shares(
    frames: Sequence[WorldFrame],
    counted: Mapping[str, pd.DataFrame],
    model: Model,
    orders: OrderShares | None = None,
) -> SharePrior:
    """Learn the share models of all measures.

    Parameters
    ----------
    frames, counted, model
        As of `share_examples`.
    orders
        What is taken from orders (`learn_orders`).
    """
    examples = share_examples(frames, counted, model)
    models, said = {}, {}
    for j, measure in enumerate(MEASURES):
        found = left_out(examples, j)
        if found is None:
            continue
        whole = fit_boosters(examples, j, examples.counted[:, j] > 0)
        models[measure], said[measure] = share_model(examples, j, found, whole)
    about = {"families": sorted(set(examples.family)), "figures": said}
    return SharePrior(model.columns, model.size_signals, models, orders, about)


def left_out(examples: ShareExamples, j: int) -> Predicted | None:
    """Log-odds of inflation and predicted share, by trees of other families, shape (n,) each.

    None where too few families show an inflated figure. Rows without the figure are NaN.
    """
    counts, truth = examples.counted[:, j], examples.shares[:, j]
    with_figure, bad = counts > 0, inflated(truth, counts)
    families = sorted(set(examples.family))
    z, share = np.full(len(truth), np.nan), np.full(len(truth), np.nan)
    for k in range(min(FAMILY_FOLDS, len(families))):
        out = np.isin(examples.family, families[k::FAMILY_FOLDS])
        if not (bad & ~out).any():
            return None
        boosters = fit_boosters(examples, j, with_figure & ~out)
        mine = with_figure & out
        if mine.any():
            z[mine] = boosters[0].predict(examples.inputs[mine], raw_score=True)
            share[mine] = np.clip(boosters[1].predict(examples.inputs[mine]), 0.0, 1.0)
    return z, share


def total_predictions(
    given: pd.DataFrame, taken: np.ndarray, possible: np.ndarray, by: list[str]
) -> Predictions:
    """Predictions of totals over groups of entities.

    Parameters
    ----------
    given
        family, counted, truth (false share) of entities, and the columns of `by`.
    taken, possible
        Shares that are taken, and that may be at most (or are expected), of each entity.
    by
        Columns that make a group, the family apart.
    """
    n = given["counted"].to_numpy(dtype=float)
    parts = given[["family", *by]].assign(
        counted=n, truth=n * given["truth"].to_numpy(), taken=n * taken, possible=n * possible
    )
    total = parts.groupby(["family", *by], sort=True).sum().reset_index()
    size = (total := total[total["counted"] > 0])["counted"].to_numpy()
    share = total["taken"].to_numpy() / size
    return Predictions(
        total_score(share, total["possible"].to_numpy() / size),
        share,
        total["truth"].to_numpy() / size,
        size,
        total["family"].to_numpy(dtype=object),
    )


def learn_orders(given: pd.DataFrame) -> OrderShares | None:
    """Learn from which probability an order is taken, and the bands of totals of orders.

    Parameters
    ----------
    given
        One row an order of families left out: family, world, operator, session, probability by
        trees of other families, truth (1 false, 0 not).
    """
    if not len(given) or not given["truth"].any():
        return None
    p, one = given["probability"].to_numpy(dtype=float), np.ones(len(given))
    truth = given["truth"].to_numpy(dtype=float)
    family = given["family"].to_numpy(dtype=object)
    least = probability_of_taking(Predictions(p, one, truth, one, family))
    taken = (p >= least).astype(float)
    rows = given.assign(counted=1.0)
    groups = {SESSION: ["world", "session"], OPERATOR: ["world", "operator"], PLATFORM: ["world"]}
    bands = {}
    for kind, by in groups.items():
        named = rows[by].notna().all(axis=1).to_numpy()
        total = total_predictions(rows[named], taken[named], p[named], by)
        bands[kind] = fit_bands(total, TAKEN_FROM, split=False)
    return OrderShares(least, bands)


def share_model(
    examples: ShareExamples, j: int, predicted: Predicted, boosters: Boosters
) -> tuple[ShareModel, dict[str, float]]:
    """One measure: its `boosters`, calibrated on what trees of other families `predicted`."""
    z, share = predicted
    counts, truth = examples.counted[:, j], examples.shares[:, j]
    known = np.isfinite(z)
    weight = figure_weights(examples.family, examples.world, counts, known)
    target = inflated(truth, counts)[known].astype(float)
    calibration = isotonic(z[known], target, weight[known] / weight[known].mean())
    whole = known & examples.complete
    given = Predictions(
        calibration(z[whole]), share[whole], truth[whole], counts[whole], examples.family[whole]
    )
    least = probability_of_taking(given)
    bands = {SESSION: fit_bands(given, least)}
    estimate = bands[SESSION].of(given.score, given.share)
    rows = pd.DataFrame(
        {
            "family": given.family,
            "world": examples.world[whole],
            "operator": examples.owner[whole],
            "counted": given.counted,
            "truth": given.truth,
        }
    )
    taken, possible = estimate["share"].to_numpy(), estimate["high"].to_numpy()
    for kind, by in ((OPERATOR, ["world", "operator"]), (PLATFORM, ["world"])):
        total = total_predictions(rows, taken, possible, by)
        bands[kind] = fit_bands(total, TAKEN_FROM, split=False)
    said = {
        "from_probability": least,
        "taken_from_clean": round(taken_from_clean(given, taken), 5),
        "inflated": int(given.inflated.sum()),
    }
    return ShareModel(*boosters, calibration, bands), said


def fit_boosters(examples: ShareExamples, j: int, rows: np.ndarray) -> Boosters:
    """Boosters of inflation, and of the median share of inflated ones, from some rows."""
    counts, truth = examples.counted[:, j], examples.shares[:, j]
    bad, weight = (
        inflated(truth, counts),
        figure_weights(examples.family, examples.world, counts, rows),
    )
    found = []
    for mask, target, special, rounds in (
        (rows, bad.astype(float), {"objective": "binary"}, INFLATED_ROUNDS),
        (rows & bad, truth, {"objective": "quantile", "alpha": 0.5}, SHARE_ROUNDS),
    ):
        data = lgb.Dataset(examples.inputs[mask], target[mask], weight=weight[mask])
        found.append(lgb.train(FITTING | FAST | special, data, num_boost_round=rounds))
    return found[0], found[1]
