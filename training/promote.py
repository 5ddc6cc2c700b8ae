"""Champion against challenger: a challenger takes over only when it is better on new verdicts.

Both models score the same matured verdicts, received after both were trained. Each flags as many
rows as the champion flags, so that flagging more wins nothing. A row that fails is reported, and
nothing is promoted.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from pathlib import Path

import numpy as np
import pandas as pd

from data_contracts.errors import SteelyardError
from data_contracts.lake import Lake, LakeOrFolder
from features.declaration import ORDER, SESSION
from features.engine.snapshot import Snapshot
from training.dataset.frame import Dataset
from training.dataset.operator_groups import operator_groups
from training.dataset.replay import Replay, replay_dataset
from training.declaration import Model
from training.evaluation.attack_cost import (
    attack_costs,
    confirmed_typologies,
    cost_per_missed_case,
)
from training.evaluation.comparison import (
    ComparisonRow,
    PromotionCriteria,
    compare_average_precision,
    compare_share,
)
from training.fitting.trees import raw_scores
from training.models.registry import BY_NAME
from training.release.artefact import Released, load
from training.release.store import challengers, set_champion

FLAG_PROBABILITY = 0.5  # from which the champion flags a row
NEW_OPERATOR_DAYS = 30


class NotPromoted(SteelyardError):
    """A challenger did not pass, or there is none."""

    exit_code = 14


def slices(snapshot: Snapshot, model: Model, data: Dataset) -> dict[str, np.ndarray]:
    """Masks of the rows of groups (new, small, region, category) and of look-alikes.

    Look-alikes are honest kinds that snapshot show: virtual hosts, raided and boosted sessions.
    """
    owner = _owners(snapshot, model, data)
    out: dict[str, np.ndarray] = {}
    if "operators" in snapshot:
        o = (
            snapshot["operators"]
            .select("operator_id", "registered_at", "region", "category")
            .to_pandas()
            .set_index("operator_id")
        )
        age = (
            data.received.to_numpy() - owner.map(o["registered_at"]).to_numpy()
        ) / np.timedelta64(1, "D")
        out["group new"] = np.asarray(age < NEW_OPERATOR_DAYS)
        for kind in ("region", "category"):
            values = owner.map(o[kind]).to_numpy(dtype=object)
            out |= {
                f"group {kind} {v}": values == v
                for v in sorted({str(x) for x in values if isinstance(x, str)})
            }
    sizes = owner.map(owner.value_counts())
    out["group small"] = (sizes <= sizes.median()).to_numpy()
    if model.entity == SESSION and "sessions" in snapshot:
        s = snapshot["sessions"]
        hosts = set(s.filter(s.virtual_host).session_id.to_pandas())
        out["look-alike virtual host"] = data.entity.isin(hosts).to_numpy()
        for name, table, column in (
            ("raided", "room_links", "to_session_id"),
            ("boosted", "boosts", "session_id"),
        ):
            if table in snapshot:
                out[f"look-alike {name}"] = data.entity.isin(
                    set(snapshot[table][column].to_pandas())
                ).to_numpy()
    return out


def _owners(snapshot: Snapshot, model: Model, data: Dataset) -> pd.Series:
    """Operator of each row."""
    if model.entity not in (SESSION, ORDER):
        return data.entity.astype(object)
    t = snapshot["sessions" if model.entity == SESSION else "orders"]
    frame = (
        t.select(e=f"{model.entity}_id", operator_id="operator_id")
        .to_pandas()
        .set_index("e")["operator_id"]
    )
    return data.entity.map(frame)


def attack_cost_rows(
    snapshot: Snapshot,
    model: Model,
    data: Dataset,
    flagged: tuple[np.ndarray, np.ndarray],
    criteria: PromotionCriteria,
) -> list[ComparisonRow]:
    """Cost of one missed case by each model, for each typology of confirmed cases.

    `flagged` are the rows that champion and challenger flag, each of shape (n,). The cost may
    fall by `criteria.group_loss`.
    """
    cost = data.entity.map(attack_costs(snapshot, model.entity)).to_numpy(dtype=float)
    kind = data.entity.map(confirmed_typologies(snapshot, model.entity)).to_numpy(dtype=object)
    confirmed = (data.labels["confirmed"] == 1).to_numpy() & np.isfinite(cost)
    out = []
    for name in sorted({k for k in kind if isinstance(k, str)}):
        rows = (kind == name) & confirmed
        if rows.sum() < criteria.least_rows:
            continue
        old, new = (cost_per_missed_case(cost[rows], f[rows]) for f in flagged)
        good = new >= old * (1.0 - criteria.group_loss) - 1e-9
        why = (
            ""
            if good
            else f"falls from {old:.2f} to {new:.2f}; "
            f"a fall of {criteria.group_loss:.0%} is allowed"
        )
        what, nan = f"attack cost, {name}: CNY for one missed case", float("nan")
        out.append(ComparisonRow(what, int(rows.sum()), old, new, nan, nan, good, why))
    return out


def compare(
    lake: LakeOrFolder, rivals: tuple[Released, Released], at: datetime, criteria: PromotionCriteria
) -> list[ComparisonRow]:
    """Compare champion and challenger on verdicts that neither was trained on.

    Rows come in the order: matured verdicts, random audit, slices, attack costs.

    Parameters
    ----------
    lake
        The lake, or its folder.
    rivals
        Champion and challenger.
    at
        Moment up to which rows are known.
    criteria
        How much better the challenger must be.
    """
    lake, (champion, challenger) = Lake.open(lake), rivals
    model, snapshot = champion.model, Snapshot.open(lake, at)
    data = _later_rows(
        replay_dataset(Replay(lake, at, operator_groups(snapshot)), model, bags=False),
        pd.Timestamp(max(m.manifest["until"] for m in rivals)),
    )
    truth = data.labels["confirmed"].to_numpy(dtype=int)
    everything = np.ones(len(data), dtype=bool)
    a, b = (
        raw_scores(m.trees, data, everything) if len(data) else np.zeros(0)
        for m in (champion, challenger)
    )
    audited, group = data.labels["audited"].to_numpy(dtype=bool), data.group.to_numpy()
    out = [
        compare_average_precision(
            f"{name}: average precision", (a[rows], b[rows]), truth[rows], group[rows], criteria
        )
        for name, rows in (("matured verdicts", everything), ("random audit", audited))
    ]
    if not len(data):
        return out
    count = int((champion.probability(a) >= FLAG_PROBABILITY).sum())
    flagged = (_highest(a, count), _highest(b, count))
    guilty = truth == 1
    for name, mask in slices(snapshot, model, data).items():
        for words, rows in (("honest spared", mask & ~guilty), ("confirmed found", mask & guilty)):
            if name.startswith("look-alike") and words == "confirmed found":
                continue
            right = tuple(f[rows] == guilty[rows] for f in flagged)
            found = compare_share(
                f"{name}: {words}", (right[0], right[1]), np.ones(int(rows.sum())), criteria
            )
            out += [found] if found else []
    return out + attack_cost_rows(snapshot, model, data, flagged, criteria)


def _later_rows(data: Dataset, since: pd.Timestamp) -> Dataset:
    """Rows that were received from a moment on."""
    keep = (data.received >= since).to_numpy() if len(data) else np.zeros(0, dtype=bool)
    kept = [
        part[keep].reset_index(drop=True)
        for part in (data.signals, data.labels, data.received, data.group, data.night, data.entity)
    ]
    return replace(Dataset(*kept), peer_signals=data.peer_signals)


def _highest(scores: np.ndarray, count: int) -> np.ndarray:
    """Mask of the `count` highest scores."""
    return np.isin(np.arange(len(scores)), np.argsort(-scores, kind="stable")[:count])


def promote(
    lake: LakeOrFolder, models: Path, name: str, at: datetime, criteria: PromotionCriteria
) -> tuple[str, list[ComparisonRow]]:
    """Compare the challenger of a model, and make it champion when every row holds.

    Parameters
    ----------
    lake
        The lake, or its folder.
    models
        Folder of releases.
    name
        The model.
    at
        Moment up to which rows are known.
    criteria
        How much better the challenger must be.

    Returns
    -------
    tuple
        The challenger's version, and the rows of the comparison.

    Raises
    ------
    NotPromoted
        No model has that name, or it has no challenger.
    """
    if name not in BY_NAME:
        raise NotPromoted(f"no model is called {name!r}. Models: {', '.join(BY_NAME)}")
    version = challengers(models).get(name)
    if version is None:
        raise NotPromoted(
            f"{name} has no challenger in {models}; train one with: "
            f"steelyard train LAKE --models {models} --model {name}"
        )
    rows = compare(lake, (load(models, name), load(models, name, version)), at, criteria)
    if all(r.holds for r in rows):
        set_champion(models, name, version)
    return version, rows
