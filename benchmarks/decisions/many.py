"""Many small unseen worlds, some nights each: what is decided wrongly, whether intervals cover, whether decisions replay."""

from __future__ import annotations

import shutil
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow.dataset as pads

from benchmarks import worlds
from benchmarks.page import row
from data_contracts.lake import files_of, read_outbound
from serving.nightly import nightly
from serving.policy import load_policy
from serving.replay import replay
from simulation.sizes import SIZES

COMMAND = "make bench"
WORLDS, NIGHTS, FIRST_SEED, SIZE = 20, 4, 900, "small"
FIGURES = ("views", "unique_viewers", "likes", "follows", "orders", "net_sales")


@dataclass(frozen=True)
class One:
    """What one world showed: operators of its last night, figures of sessions against truth, decisions and how many replayed."""

    operators: pd.DataFrame
    figures: pd.DataFrame
    decisions: int
    replayed: int


def true_figures(lake: Path) -> pd.DataFrame:
    """What really happened in each session, by measure: counted rows less planted ones. Columns entity_id, measure, truth."""
    planted, parts = worlds.truth, []
    views = pads.dataset([str(f) for f in files_of(lake, "views")]).to_table(columns=["session_id", "account_id", "joined_at"]).to_pandas()
    key = ["session_id", "account_id", "joined_at"]
    fake = planted(lake, "views")[key].drop_duplicates().assign(fake=True)
    real = views.merge(fake, on=key, how="left")
    real = real[real["fake"].isna()]
    sessions = sorted(views["session_id"].unique())

    def add(measure: str, value: pd.Series) -> None:
        parts.append(value.reindex(sessions).fillna(0).rename("truth").rename_axis("entity_id").reset_index().assign(measure=measure))

    add("views", real.groupby("session_id").size())
    add("unique_viewers", real.groupby("session_id")["account_id"].nunique())
    acts = pads.dataset([str(f) for f in files_of(lake, "interactions")]).to_table(columns=["session_id", "kind", "count"]).to_pandas()
    bad = planted(lake, "interactions")
    for kind, measure in (("like", "likes"), ("follow", "follows")):
        counted = acts[acts["kind"] == kind].groupby("session_id")["count"].sum()
        false = bad[bad["kind"] == kind].groupby("session_id")["count"].sum()
        add(measure, counted.sub(false.reindex(counted.index).fillna(0)))
    orders = (
        pads.dataset([str(f) for f in files_of(lake, "orders")]).to_table(columns=["order_id", "session_id", "paid_amount"]).to_pandas()
    )
    refunds = pads.dataset([str(f) for f in files_of(lake, "refunds")]).to_table(columns=["order_id"]).to_pandas()
    meant = orders[~orders["order_id"].isin(set(planted(lake, "orders")["order_id"]))]
    add("orders", meant.groupby("session_id").size())
    kept = meant[~meant["order_id"].isin(set(refunds["order_id"]))]
    add("net_sales", kept.groupby("session_id")["paid_amount"].sum())
    return pd.concat(parts, ignore_index=True)


def one_world(seed: int, models: Path) -> One:
    """Simulate a world, publish its last nights, replay them, and hold them against planted truth. The lake is deleted."""
    lake = worlds.made(SIZE, seed)
    nights = [worlds.START + timedelta(days=SIZES[SIZE].days - NIGHTS + i) for i in range(NIGHTS)]
    policy, decisions, replayed = load_policy(), 0, 0
    for night in nights:
        nightly(lake, night, models, policy)
    for night in nights:
        found = replay(lake, night, models, policy)
        decisions += found.decisions
        replayed += found.decisions if found.stands else 0
    tiers = read_outbound(lake, "tier_decisions")[["operator_id", "tier", "risk", "influence", "expected_harm"]]
    guilty = set(worlds.truth(lake, "operators")["operator_id"])
    tiers = tiers.assign(
        guilty=tiers["operator_id"].isin(worlds.guilty_operators(lake)), honest=~tiers["operator_id"].isin(guilty), world=seed
    )
    figures = pd.concat([read_outbound(lake, "corrected_figures", n.isoformat()) for n in nights])
    figures = figures[figures["entity_kind"] == "session"].merge(true_figures(lake), on=["entity_id", "measure"], how="inner")
    figures = figures[["measure", "counted", "estimate", "low", "high", "truth"]].assign(world=seed)
    for folder in (lake, lake.with_name(lake.name + ".truth")):
        shutil.rmtree(folder)
    return One(tiers, figures, decisions, replayed)


def _interval(values: np.ndarray) -> list[float]:
    draws = np.random.default_rng(7).choice(values, (2000, len(values))).mean(axis=1)
    return [float(x) for x in np.quantile(draws, [0.05, 0.95])]


def discoveries(worlds_: list[One], bound: float) -> list[dict[str, Any]]:
    """Share of honest operators among those put into C or D, world by world, and the share of honest ones accused."""
    shares, accused, reviewed, found = [], [], [], []
    for w in worlds_:
        t = w.operators
        worse, honest = t["tier"] >= "C", t["honest"]
        shares.append(float(honest[worse].mean()) if worse.any() else 0.0)
        accused.append(float(worse[honest].mean()))
        reviewed.append(float((t["tier"] >= "B")[honest].mean()))
        found.append(float((t["tier"] >= "B")[t["guilty"]].mean()))
    mean, over = float(np.mean(shares)), sum(s > bound for s in shares)
    good = mean <= bound
    return [
        row("false-discoveries", f"Honest among operators put into C or D after {NIGHTS} nights: mean over {len(shares)} unseen worlds ({over} of them above the bound; the bound is on the mean)", mean, COMMAND, f"<= {bound:g}", _interval(np.array(shares)), good, None if good else "the yardstick comes from another world: honest operators of small worlds look different"),
        row("honest-accused", "Share of honest operators in C or D, mean over the worlds", float(np.mean(accused)), COMMAND, "<= 0.001", _interval(np.array(accused)), float(np.mean(accused)) <= 0.001, None if np.mean(accused) <= 0.001 else "each is one or two operators of a world"),
        row("honest-reviewed", "Share of honest operators in B or worse, mean over the worlds", float(np.mean(reviewed)), COMMAND, "<= 0.01", _interval(np.array(reviewed)), float(np.mean(reviewed)) <= 0.01, None if np.mean(reviewed) <= 0.01 else "smaller rooms than those the yardstick was made from"),
        row("guilty-reviewed", "Share of cheating operators in B or worse, mean over the worlds", float(np.mean(found)), COMMAND, interval=_interval(np.array(found))),
    ]  # fmt: skip


def at_capacity(operators: pd.DataFrame, share: float = 0.01) -> list[dict[str, Any]]:
    """Precision and harm recall of the first percent by expected harm; true harm is the influence of those that cheat."""
    order = operators.sort_values(["expected_harm", "operator_id"], ascending=[False, True])
    first = order.head(max(1, int(share * len(order))))
    harm = order["guilty"] * order["influence"].fillna(0.5)
    caught = float(harm.loc[first.index].sum() / harm.sum())
    best = float(harm.nlargest(len(first)).sum() / harm.sum())
    return [
        row("capacity-precision", f"First {len(first)} of {len(order)} operators of all worlds by expected harm (1 %): share that cheats", float(first["guilty"].mean()), COMMAND),
        row("capacity-harm", f"The same: share of true harm (influence of those that cheat) among them; the most possible is {best:.3f}", caught, COMMAND),
    ]  # fmt: skip


def coverage(figures: pd.DataFrame) -> list[dict[str, Any]]:
    """How often nominal 90 % intervals of corrected figures hold the truth, over all sessions and over those with false counts."""
    out = []
    for measure in FIGURES:
        f = figures[(figures["measure"] == measure) & (figures["counted"] > 0)]
        if f.empty:
            continue
        inside = (f["low"] - 1e-6 <= f["truth"]) & (f["truth"] <= f["high"] + 1e-6)
        inflated = f["truth"] < f["counted"] - 0.5
        by_world = inside.groupby(f["world"]).mean().to_numpy()
        value, botted = float(inside.mean()), float(inside[inflated].mean()) if inflated.any() else float("nan")
        error = float((f["estimate"] - f["truth"]).abs().sum() / f["truth"].sum())
        raw = float((f["counted"] - f["truth"]).abs().sum() / f["truth"].sum())
        good = abs(value - 0.9) <= 0.01
        why = None if good else "an honest session's interval ends at what was counted, so it nearly always covers; an inflated one's knows too little of how much is false"  # fmt: skip
        out.append(
            row(f"coverage-{measure}", f"{measure} of {len(f)} sessions, nominal 90 %: coverage ({botted:.3f} over the {int(inflated.sum())} with false counts; error {error:.3f} of the truth, {raw:.3f} as counted)", value, COMMAND, "0.89 to 0.91", _interval(by_world), good, why)
        )  # fmt: skip
    return out


def rows(models: Path, say: Any) -> list[dict[str, Any]]:
    found: list[One] = []
    with ProcessPoolExecutor(2) as pool:
        for i, one in enumerate(pool.map(one_world, range(FIRST_SEED, FIRST_SEED + WORLDS), [models] * WORLDS), 1):
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
