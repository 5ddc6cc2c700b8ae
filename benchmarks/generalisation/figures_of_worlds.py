"""Rows of a page from the judged worlds and nights: each family weighs the same."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from benchmarks.generalisation.left_out import CEILING, FLAT, PRODUCT, TABLES, UNSUPERVISED
from benchmarks.generalisation.night_judgement import PLATFORM, error_columns
from benchmarks.generalisation.verdict_draws import COUNTS
from benchmarks.harness.figures import Row, row, share_row
from benchmarks.harness.figures_page import Table
from benchmarks.harness.intervals import middle
from features.declaration import OPERATOR, ORDER, SESSION
from training.estimator.calibration import expected_calibration_error

COMMAND = "make bench-generalisation"
VERDICTS = (0, *COUNTS)
ENTITIES = (SESSION, ORDER, OPERATOR)
NAMES = {SESSION: "Sessions", ORDER: "Orders", OPERATOR: "Operators"}
DRAWS = 400
# Figures of the landed revision on an independent platform, of 0 and 140 verdicts (issue 35).
BEFORE = {
    (SESSION, 0): "AP .23-.48",
    (SESSION, 200): "AP .41-.54 (140)",
    (ORDER, 200): "AP .43-.67 (140)",
    (OPERATOR, 200): "AP .53-.67 (140)",
}
PEERS_GOAL, CEILING_GOALS = ">= 1.5", {0: ">= 0.7", 60: ">= 0.8"}


def by_family(records: pd.DataFrame, figure: str) -> pd.DataFrame:
    """Mean over a family's worlds: index entity, tables, verdicts, family; a column a method.

    Methods that read no verdicts have the same figure at each number of them.
    """
    keys = ["entity", "tables", "verdicts", "family"]
    wide = records.pivot_table(index=keys, columns="method", values=figure)
    free = [m for m in (*UNSUPERVISED, CEILING) if m in wide]
    wide[free] = wide[free].groupby(["entity", "tables", "family"]).transform("first")
    return wide


def ratio(top: np.ndarray, bottoms: np.ndarray) -> tuple[float, list[float]]:
    """Mean of `top` over the best mean of `bottoms`, and its interval over families.

    Parameters
    ----------
    top
        Figures of one method, shape (families,).
    bottoms
        Figures of the others, shape (families, methods).
    """
    known = np.isfinite(top) & np.isfinite(bottoms).all(axis=1)
    top, bottoms = top[known], bottoms[known]
    if not len(top):
        return float("nan"), [float("nan")] * 2
    picks = np.random.default_rng(7).integers(0, len(top), (DRAWS, len(top)))
    value = top.mean() / bottoms.mean(axis=0).max()
    return float(value), middle(top[picks].mean(axis=1) / bottoms[picks].mean(axis=1).max(axis=1))


def ranking_rows(records: pd.DataFrame) -> list[Row]:
    """Average precision against the best peer and against the ceiling, with all tables."""
    wide, rows = by_family(records, "average_precision"), []
    for entity in ENTITIES:
        for verdicts in VERDICTS:
            key = (entity, "all tables", verdicts)
            if key not in wide.index:
                continue
            found = wide.loc[key]
            peers = [p for p in (*UNSUPERVISED, *([FLAT] if verdicts else [])) if p in found]
            what = f"{NAMES[entity]}, {verdicts} verdicts: AP {found[PRODUCT].mean():.2f}"
            product = found[PRODUCT].to_numpy()
            value, interval = ratio(product, found[peers].to_numpy())
            best = found[peers].mean()
            text = f"{what} / best peer ({best.idxmax()}, {best.max():.2f})"
            id_, more = f"{entity}-{verdicts}", {"before": BEFORE.get((entity, verdicts))}
            rows.append(row(f"{id_}-peer", text, value, COMMAND, PEERS_GOAL, interval, **more))
            if verdicts in CEILING_GOALS:
                value, interval = ratio(product, found[[CEILING]].to_numpy())
                text, goal = f"{what} / ceiling ({found[CEILING].mean():.2f})", CEILING_GOALS
                rows.append(row(f"{id_}-ceiling", text, value, COMMAND, goal[verdicts], interval))
        rows += _steps(wide, entity)
    return rows


def _steps(wide: pd.DataFrame, entity: str) -> list[Row]:
    """The smallest gain of the product from one number of verdicts to the next."""
    found = wide[PRODUCT].unstack("verdicts")
    if (entity, "all tables") not in found.index.droplevel("family"):
        return []
    means = found.loc[(entity, "all tables")].mean()
    text = ", ".join(f"{m:.2f}" for m in means)
    what = f"{NAMES[entity]}: smallest gain of AP from 0 to 20, 60 and 200 verdicts ({text})"
    return [row(f"{entity}-gain", what, float(means.diff().min()), COMMAND, ">= 0")]


def probability_rows(entities: pd.DataFrame) -> list[Row]:
    """Calibration without verdicts, honest entities held probable, and what a score keeps."""
    rows: list[Row] = []
    for entity, e in entities.groupby("entity"):
        known = e[np.isfinite(e["truth"])]
        weight = 1.0 / known.groupby("family")["truth"].transform("size")
        error = expected_calibration_error(
            known["probability"].to_numpy(), known["truth"].to_numpy(), weight.to_numpy()
        )
        name = NAMES[str(entity)]
        what = f"{name}, no verdicts: expected calibration error"
        rows.append(row(f"{entity}-ece", what, error, COMMAND, "<= 0.03"))
        honest = known[known["truth"] == 0]
        rows.append(
            share_row(
                f"{entity}-honest-probable",
                f"{name}, no verdicts: share of the honest held probable (.5 or more)",
                honest["probability"] >= 0.5,
                COMMAND,
                cluster=honest["world"],
            )
        )
        worlds = e.drop_duplicates("world").dropna(subset=["auroc", "best_signal_auroc"])
        keeps = worlds["auroc"] >= worlds["best_signal_auroc"] - 0.05
        what = (
            f"{name}, no verdicts: share of worlds where AUROC is its best signal's - .05 or more"
        )
        rows.append(share_row(f"{entity}-best-signal", what, keeps, COMMAND, ">= 1"))
    return rows


def tier_rows(tiers: pd.DataFrame) -> list[Row]:
    """Tiers of nights on families left out."""
    rows = []
    for verdicts, t in tiers.groupby("verdicts"):
        honest, bad, in_b = t[~t["cheat"]], t[t["cheat"]], t[t["tier"] == "B"]
        accused, above = t[t["tier"].isin(["C", "D"])], t[t["tier"] != "A"]
        who = "no verdicts" if verdicts == 0 else f"at most {verdicts} verdicts of its own"
        for id_, what, group, hits, goal, before in (
            ("cheats-reviewed", "cheats in B-D", bad, bad["tier"] != "A", ">= 0.5", "3 to 14 of 63 in B, 0 to 2 in C-D"),
            ("b-precision", "cheats among B", in_b, in_b["cheat"], ">= 0.6", None),
            ("cheats-accused", "cheats in C-D", bad, bad["tier"].isin(["C", "D"]), None, None),
            ("cd-precision", "cheats among C-D", accused, accused["cheat"], None, None),
            ("bd-precision", "cheats among B-D", above, above["cheat"], None, None),
            ("honest-accused", "honest in C-D", honest, honest["tier"].isin(["C", "D"]), "<= 0.002", None),
            ("honest-reviewed", "honest in B", honest, honest["tier"] == "B", "<= 0.03", None),
        ):  # fmt: skip
            if not len(hits):
                continue
            text = f"Nights, {who}: {what} ({int(hits.sum())} of {len(hits)} operators)"
            said = {"before": before} if before else {}
            rows.append(
                share_row(
                    f"night-{verdicts}-{id_}", text, hits, COMMAND, goal, group["family"], **said
                )
            )
    return rows


def figure_rows(figures: pd.DataFrame) -> list[Row]:
    """Corrected figures of nights without verdicts: errors, totals and coverage."""
    f = error_columns(figures[figures["verdicts"] == 0])
    rows: list[Row] = []
    for kind in (SESSION, OPERATOR):
        mine = f[f["kind"] == kind]
        if mine.empty:
            continue
        of = f"of {kind}s"
        bad, clean = mine[mine["inflated"]], mine[mine["clean"]]
        worse = bad["error_corrected"].mean() / max(bad["error_counted"].mean(), 1e-9)
        what = f"Figures {of} that are inflated ({len(bad)}): error corrected / error as counted"
        rows.append(row(f"{kind}-error", what, float(worse), COMMAND, "<= 1", before="1.0-6.3"))
        share = float(clean["removed"].sum() / max(clean["counted"].sum(), 1.0))
        what = f"Clean figures {of}: share of the real taken away"
        rows.append(row(f"{kind}-real-removed", what, share, COMMAND, "<= 0.003"))
        for name, part in (("inflated", bad), ("clean", clean)):
            gap = float((part["covered"].mean() - part["certainty"].mean()) if len(part) else 0.0)
            what = (
                f"Intervals of {name} figures {of}: cover {part['covered'].mean():.2f}, "
                f"state {part['certainty'].mean():.2f}; distance"
            )
            more: dict[str, Any] = {"holds": abs(gap) <= 0.03}
            if kind == SESSION and name == "inflated":
                more["before"] = "cover .26-.70, state .91-.94"
            rows.append(row(f"{kind}-{name}-cover", what, gap, COMMAND, "-0.03 to 0.03", **more))
    return rows + _totals(f)


def _totals(f: pd.DataFrame) -> list[Row]:
    """Totals of platforms: no farther from the truth than as counted, and within intervals."""
    totals = f[f["kind"] == PLATFORM]
    if totals.empty:
        return []
    false = totals[totals["counted"] - totals["true"] >= 1.0]
    better = false["error_corrected"] <= false["error_counted"]
    what = "Totals of platforms with false figures: share no farther from the truth than counted"
    gap = float(totals["covered"].mean() - totals["certainty"].mean())
    text = (
        f"Intervals of totals of platforms ({len(totals)}): cover {totals['covered'].mean():.2f}, "
        f"state {totals['certainty'].mean():.2f}; distance"
    )
    return [
        share_row("total-no-worse", what, better, COMMAND, ">= 1", before="0"),
        row("total-cover", text, gap, COMMAND, "-0.03 to 0.03", holds=abs(gap) <= 0.03),
    ]


def tables_of(
    records: pd.DataFrame, entities: pd.DataFrame, tiers: pd.DataFrame, tags: pd.DataFrame
) -> tuple[Table, ...]:
    """Tables for the JSON: ranking by family and tables, look-alikes, tiers by family."""
    out = []
    for figure, words in (("average_precision", "AP"), ("recall", "recall at 1 % false alarms")):
        wide = by_family(records, figure).round(3)
        for name in TABLES:
            if name in wide.index.get_level_values("tables"):
                flat = wide.xs(name, level="tables").reset_index()
                cells = flat.astype(object).where(flat.notna(), None).to_numpy().tolist()
                note = "Mean over the worlds of a family, on operators without verdicts."
                out.append(Table(f"{words}: {name}", note, tuple(flat.columns), cells))
    counts = tiers.groupby(["verdicts", "family", "role", "tier"]).size().unstack(fill_value=0)
    flat = counts.reset_index()
    note = "Operators of one night of each family."
    out.append(Table("Tiers by role", note, tuple(flat.columns), flat.to_numpy().tolist()))
    note = "Honest sessions and operators by look-alike: how many, share held probable (.5)."
    columns = ("entity", "tag", "honest", "held")
    return (*out, Table("Look-alikes", note, columns, lookalike_rows(entities, tags)))


def lookalike_rows(entities: pd.DataFrame, tags: pd.DataFrame) -> list[list[Any]]:
    """Honest entities by tag, and the share that is held probable without verdicts."""
    out: list[list[Any]] = []
    honest = entities[entities["truth"] == 0]
    for entity in (SESSION, OPERATOR):
        key = f"{entity}_id"
        mine = honest[honest["entity"] == entity]
        named = tags[["world", key, "tag"]].dropna().drop_duplicates()
        found = mine.merge(named.rename(columns={key: "entity_id"}), on=["world", "entity_id"])
        for tag, g in found.groupby("tag"):
            out.append([entity, tag, len(g), round(float((g["probability"] >= 0.5).mean()), 3)])
        plain = mine[~mine["entity_id"].isin(named[key])]
        share = round(float((plain["probability"] >= 0.5).mean()), 3) if len(plain) else None
        out.append([entity, "none", len(plain), share])
    return out
