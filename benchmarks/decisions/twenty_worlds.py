"""Twenty unseen worlds: wrong decisions, coverage of intervals, and replay of decisions."""

from __future__ import annotations

import shutil
from concurrent.futures import ProcessPoolExecutor
from datetime import date, datetime, timedelta
from multiprocessing import get_context
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from benchmarks.decisions.judged_worlds import One, keep_result, read_result, result_folder
from benchmarks.harness import worlds
from benchmarks.harness.figures import row
from data_contracts.runs import read_outbound
from features.engine.snapshot import Snapshot
from serving.nightly.pipeline import nightly
from serving.nightly.replay import replay
from serving.policy.load import load_policy
from serving.scoring.scope import moment_of
from simulation.sizes import SIZES

COMMAND = "make bench"
WORLDS, NIGHTS, FIRST_SEED, SIZE = 20, 4, 900, "small"
TOO_NARROW = "false parts of sessions that nobody suspects are held impossible too surely, and how much of a suspected one is false is known too little"
TOO_WIDE = "verdicts err, so that what nobody suspects is held false more often than it is, and the fates of a session's orders are taken for one, the widest there is"
FIGURES = ("views", "unique_viewers", "likes", "follows", "orders", "net_sales")


def true_figures(lake: Path, as_of: datetime) -> pd.DataFrame:
    """True figures of each session at a moment: counted rows less planted ones, by measure.

    Columns entity_id, measure, truth. What was received later (an order by a late batch, a refund) is neither counted nor true yet.
    """
    tables, parts = Snapshot.open(lake, as_of), []
    views = tables["views"].select("session_id", "account_id", "joined_at").to_pandas()
    key = ["session_id", "account_id", "joined_at"]
    fake = worlds.ground_truth(lake, "views")[key].drop_duplicates().assign(fake=True)
    real = views.merge(fake, on=key, how="left")
    real = real[real["fake"].isna()]
    sessions = sorted(views["session_id"].unique())

    def add(measure: str, value: pd.Series) -> None:
        parts.append(
            value.reindex(sessions)
            .fillna(0)
            .rename("truth")
            .rename_axis("entity_id")
            .reset_index()
            .assign(measure=measure)
        )

    add("views", real.groupby("session_id").size())
    add("unique_viewers", real.groupby("session_id")["account_id"].nunique())
    acts = tables["interactions"].select("session_id", "kind", "count").to_pandas()
    bad = worlds.ground_truth(lake, "interactions")
    for kind, measure in (("like", "likes"), ("follow", "follows")):
        counted = acts[acts["kind"] == kind].groupby("session_id")["count"].sum()
        false = bad[bad["kind"] == kind].groupby("session_id")["count"].sum()
        add(measure, counted.sub(false.reindex(counted.index).fillna(0)))
    columns = ("order_id", "session_id", "paid_amount", "paid_at")
    orders = tables["orders"].select(*columns).to_pandas()
    meant = orders[~orders["order_id"].isin(set(worlds.ground_truth(lake, "orders")["order_id"]))]
    add("orders", meant.groupby("session_id").size())
    add("net_sales", _net_amount(meant, tables).groupby(meant["session_id"]).sum())
    return pd.concat(parts, ignore_index=True)


def _net_amount(orders: pd.DataFrame, tables: Snapshot) -> pd.Series:
    """What was paid for each order less what went back; nothing for one that was never paid."""
    refunds = tables["refunds"].select("order_id", "refunded_at", "amount").to_pandas()
    refunds = refunds[refunds["refunded_at"].notna()].drop_duplicates("order_id")
    paid = orders["paid_amount"].astype(float).where(orders["paid_at"].notna(), 0.0)
    back = orders["order_id"].map(refunds.set_index("order_id")["amount"].astype(float))
    is_refunded = orders["order_id"].isin(set(refunds["order_id"]))
    return (paid - back.fillna(paid).where(is_refunded, 0.0)).clip(lower=0.0)


def _figures_with_truth(lake: Path, night: date) -> pd.DataFrame:
    """Published figures of a night's sessions with the truth as it was known that night."""
    said = read_outbound(lake, "corrected_figures", night.isoformat())
    said = said[said["entity_kind"] == "session"].merge(
        true_figures(lake, moment_of(night)), on=["entity_id", "measure"]
    )
    return said[["measure", "counted", "estimate", "low", "high", "certainty", "truth"]]


def one_world(seed: int, models: Path) -> One:
    """Simulate a world, publish and replay its last nights, and compare them with ground truth.

    A world that was judged by the same code, policy and models is not judged again.
    """
    folder = result_folder(f"{SIZE}-{seed}", models)
    if (kept := read_result(folder)) is not None:
        return kept
    lake = worlds.simulated_lake(SIZE, seed)
    nights = [worlds.START + timedelta(days=SIZES[SIZE].days - NIGHTS + i) for i in range(NIGHTS)]
    policy, decisions, replayed = load_policy(), 0, 0
    for night in nights:
        nightly(lake, night, models, policy)
    for night in nights:
        found = replay(lake, night, models, policy)
        decisions += found.decisions
        replayed += found.decisions if found.stands else 0
    tiers = read_outbound(lake, "tier_decisions")[
        ["operator_id", "tier", "risk", "influence", "expected_harm"]
    ]
    guilty = set(worlds.ground_truth(lake, "operators")["operator_id"])
    tiers = tiers.assign(
        guilty=tiers["operator_id"].isin(worlds.cheating_operators(lake)),
        honest=~tiers["operator_id"].isin(guilty),
        world=seed,
    )
    figures = pd.concat([_figures_with_truth(lake, n) for n in nights]).assign(world=seed)
    one = One(tiers, figures, decisions, replayed)
    keep_result(folder, one)
    for part in (lake, worlds.truth_folder(lake)):
        shutil.rmtree(part)
    return one


def _interval(values: np.ndarray) -> list[float]:
    draws = np.random.default_rng(7).choice(values, (2000, len(values))).mean(axis=1)
    return [float(x) for x in np.quantile(draws, [0.05, 0.95])]


def discoveries(worlds_: list[One], bound: float) -> list[dict[str, Any]]:
    """Share of honest operators in C or D, and shares of honest and cheating operators reviewed."""
    shares, accused, reviewed, found, caught = [], [], [], [], []
    for w in worlds_:
        t = w.operators
        worse, honest = t["tier"] >= "C", t["honest"]
        shares.append(float(honest[worse].mean()) if worse.any() else 0.0)
        accused.append(float(worse[honest].mean()))
        reviewed.append(float((t["tier"] >= "B")[honest].mean()))
        found.append(float((t["tier"] >= "B")[t["guilty"]].mean()))
        caught.append(float(worse[t["guilty"]].mean()))
    all_accused = sum(int((w.operators["tier"] >= "C").sum()) for w in worlds_)
    mean, over = float(np.mean(shares)), sum(s > bound for s in shares)
    good = mean <= bound and all_accused > 0  # a bound on nobody is not met
    why = (
        "The honest reference comes from another world: honest operators of small worlds look different."
        if all_accused
        else "Nobody is in C or D."
    )
    return [
        row("false-discoveries", f"Honest among the {all_accused} operators put into C or D after {NIGHTS} nights: mean over {len(shares)} unseen worlds ({over} of them above the bound; the bound is on the mean)", mean, COMMAND, f"<= {bound:g}", _interval(np.array(shares)), holds=good, why=why),
        row("honest-accused", "Share of honest operators in C or D, mean over the worlds", float(np.mean(accused)), COMMAND, "<= 0.001", _interval(np.array(accused)), why="Each is one or two operators of a world."),
        row("honest-reviewed", "Share of honest operators in B or worse, mean over the worlds", float(np.mean(reviewed)), COMMAND, "<= 0.01", _interval(np.array(reviewed)), why="A review asks an expected precision of one half, so some of the reviewed are honest."),
        row("guilty-accused", "Share of cheating operators in C or D, mean over the worlds", float(np.mean(caught)), COMMAND, interval=_interval(np.array(caught))),
        row("guilty-reviewed", "Share of cheating operators in B or worse, mean over the worlds", float(np.mean(found)), COMMAND, interval=_interval(np.array(found))),
    ]  # fmt: skip


def at_capacity(operators: pd.DataFrame, share: float = 0.01) -> list[dict[str, Any]]:
    """Precision and recall of harm of the first percent by expected harm.

    True harm is the influence of operators that cheat.
    """
    order = operators.sort_values(["expected_harm", "operator_id"], ascending=[False, True])
    first = order.head(max(1, int(share * len(order))))
    harm = order["guilty"] * order["influence"].fillna(0.5)
    caught = float(harm.loc[first.index].sum() / harm.sum())
    best = float(harm.nlargest(len(first)).sum() / harm.sum())
    return [
        row("capacity-precision", f"First {len(first)} of {len(order)} operators of all worlds by expected harm (1 %): share that cheats", float(first["guilty"].mean()), COMMAND),
        row("capacity-harm", f"First operators by expected harm: share of true harm (influence of those that cheat) among them; the most possible is {best:.3f}", caught, COMMAND),
    ]  # fmt: skip


def coverage(figures: pd.DataFrame) -> list[dict[str, Any]]:
    """Coverage of the intervals of corrected figures less the certainty that they state.

    It is given over all sessions, over those with false counts, and over those suspected of false
    counts with more than 5 %.
    """
    out = []
    for measure in FIGURES:
        f = figures[(figures["measure"] == measure) & (figures["counted"] > 0)]
        if f.empty:
            continue
        inside = (f["low"] - 1e-6 <= f["truth"]) & (f["truth"] <= f["high"] + 1e-6)
        inflated, possible = f["truth"] < f["counted"] - 0.5, f["certainty"] < 0.955
        by_world = (inside - f["certainty"]).groupby(f["world"]).mean().to_numpy()
        value, said = float(inside.mean()), float(f["certainty"].mean())
        botted = float(inside[inflated].mean()) if inflated.any() else float("nan")
        error = float((f["estimate"] - f["truth"]).abs().sum() / f["truth"].sum())
        raw = float((f["counted"] - f["truth"]).abs().sum() / f["truth"].sum())
        good = abs(value - said) <= 0.01
        why = None if good else TOO_NARROW if value < said else TOO_WIDE
        what = f"{measure} of {len(f)} sessions: coverage less the certainty stated ({value:.3f} of {said:.3f}; {float(inside[possible].mean()):.3f} of {float(f['certainty'][possible].mean()):.3f} over the {int(possible.sum())} suspected; {botted:.3f} over the {int(inflated.sum())} with false counts; error {error:.3f} of the truth, {raw:.3f} as counted)"
        out.append(
            row(
                f"coverage-{measure}",
                what,
                value - said,
                COMMAND,
                "-0.01 to 0.01",
                _interval(by_world),
                holds=good,
                why=why,
                group="Corrected figures: coverage less the certainty stated, by measure",
            )
        )
    return out


def rows(models: Path, say: Any) -> list[dict[str, Any]]:
    """Tiers, capacity, corrected figures and replay over all worlds."""
    found: list[One] = []
    # Spawned, not forked: threads of OpenMP do not survive a fork, and LightGBM then crashes.
    with ProcessPoolExecutor(2, mp_context=get_context("spawn")) as pool:
        for i, one in enumerate(
            pool.map(one_world, range(FIRST_SEED, FIRST_SEED + WORLDS), [models] * WORLDS), 1
        ):
            found.append(one)
            say(f"world {i} of {WORLDS}: {one.replayed} of {one.decisions} decisions replayed")
    decisions, replayed = sum(w.decisions for w in found), sum(w.replayed for w in found)
    operators = pd.concat([w.operators for w in found], ignore_index=True)
    figures = pd.concat([w.figures for w in found], ignore_index=True)
    good = decisions >= 10_000 and replayed == decisions
    return [
        *discoveries(found, load_policy().tiers.false_discovery),
        *at_capacity(operators),
        *coverage(figures),
        row("replayed", f"Decisions of {WORLDS} worlds and {NIGHTS} nights each, computed again from data, models and policy and equal bit for bit, of {decisions}", replayed, COMMAND, "10000, all of them", holds=good, why=None if good else "see which table differs with: steelyard replay LAKE --date D"),
    ]  # fmt: skip
