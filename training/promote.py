"""Champion against challenger: a challenger takes over only when it is better on new verdicts.

Both models score the same matured verdicts, received after both were trained. Each flags as many
rows as the champion flags, so that flagging more wins nothing. A row that fails is reported, and
nothing is promoted. A row with too few verdicts is not judged: a person may let it pass, with a
reason (ADR-0300). The champion of a first release is the shipped prior.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path

import numpy as np
import pandas as pd

from data_contracts.errors import SteelyardError
from data_contracts.lake import Lake, LakeOrFolder
from features.engine.snapshot import Snapshot
from training.dataset.frame import Dataset
from training.dataset.operator_groups import operator_groups
from training.dataset.replay import Replay, replay_dataset
from training.dataset.slices import slices
from training.declaration import Model
from training.evaluation.attack_cost import (
    PRICED_ENTITIES,
    attack_costs,
    confirmed_typologies,
    cost_per_missed_case,
)
from training.evaluation.comparison import (
    ComparisonRow,
    PromotionCriteria,
    compare_average_precision,
    compare_share,
    not_applicable,
    not_judged,
)
from training.fitting.trees import raw_scores
from training.models.registry import BY_NAME
from training.release.artefact import Released, load
from training.release.store import challengers, set_champion


class NotPromoted(SteelyardError):
    """A challenger did not pass, or there is none."""

    exit_code = 14


def attack_cost_rows(
    snapshot: Snapshot,
    model: Model,
    data: Dataset,
    flagged: tuple[np.ndarray, np.ndarray],
    criteria: PromotionCriteria,
) -> list[ComparisonRow]:
    """Cost of one missed case by each model, for each typology that the model knows.

    `flagged` are the rows that champion and challenger flag, each of shape (n,). The cost may
    fall by `criteria.group_loss`. For entities without a price one row says so.
    """
    if model.entity not in PRICED_ENTITIES:
        reason = f"{model.entity}s have no price of their own"
        return [not_applicable("attack cost: CNY for one missed case", reason)]
    prices = attack_costs(snapshot, model.entity, criteria.prices)
    cost = data.entity.map(prices).to_numpy(dtype=float)
    kind = data.entity.map(confirmed_typologies(snapshot, model.entity)).to_numpy(dtype=object)
    confirmed = (data.labels["confirmed"] == 1).to_numpy() & np.isfinite(cost)
    out = []
    for name in sorted({*model.typologies, *(k for k in kind if isinstance(k, str))}):
        rows = (kind == name) & confirmed
        what, nan = f"attack cost, {name}: CNY for one missed case", float("nan")
        if rows.sum() < criteria.least_rows:
            needed = f"{criteria.least_rows} confirmed cases with a cost"
            out.append(not_judged(what, int(rows.sum()), needed))
            continue
        old, new = (cost_per_missed_case(cost[rows], f[rows]) for f in flagged)
        good = new >= old * (1.0 - criteria.group_loss) - 1e-9
        why = (
            ""
            if good
            else f"falls from {old:.2f} to {new:.2f}; "
            f"a fall of {criteria.group_loss:.0%} is allowed"
        )
        out.append(ComparisonRow(what, int(rows.sum()), old, new, nan, nan, good, why))
    return out


def compare(
    lake: LakeOrFolder, rivals: tuple[Released, Released], at: datetime, criteria: PromotionCriteria
) -> list[ComparisonRow]:
    """Compare champion and challenger on verdicts that neither was trained on.

    Rows come in the order: matured verdicts, random audit, slices, attack costs. Look-alikes are
    honest kinds, so how many of their confirmed cases are found is no row.

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
        pd.Timestamp(max(m.manifest["until"] for m in rivals if not m.is_prior)),
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
        needed = f"{criteria.least_rows} verdicts received after both were trained"
        return [*out, not_judged("groups, look-alikes and attack costs", 0, needed)]
    count = int((champion.probability(a) >= criteria.flag_probability).sum())
    flagged = (_highest(a, count), _highest(b, count))
    guilty = truth == 1
    for name, mask in slices(snapshot, model, data).items():
        for words, rows in (("honest spared", mask & ~guilty), ("confirmed found", mask & guilty)):
            if name.startswith("look-alike") and words == "confirmed found":
                continue
            right = tuple(f[rows] == guilty[rows] for f in flagged)
            pair, weight = (right[0], right[1]), np.ones(int(rows.sum()))
            out.append(compare_share(f"{name}: {words}", pair, weight, criteria))
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


@dataclass(frozen=True)
class Override:
    """A person who lets rows pass that are not judged, and the reason."""

    by: str
    reason: str


@dataclass(frozen=True)
class Promotion:
    """Outcome of a comparison: the rows, and whether the challenger took over.

    `former` is the champion of before. `override` is None where no row needed it.
    """

    name: str
    version: str
    former: str
    rows: list[ComparisonRow]
    is_promoted: bool
    override: Override | None = None

    @property
    def obstacle(self) -> ComparisonRow | None:
        """The row that kept it from promotion: one that failed, else one that is not judged."""
        if self.is_promoted:
            return None
        failed = [r for r in self.rows if r.fails]
        return (failed or [r for r in self.rows if r.is_open])[0]


def promote(
    lake: LakeOrFolder,
    models: Path,
    name: str,
    at: datetime,
    criteria: PromotionCriteria,
    override: Override | None = None,
) -> Promotion:
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
    override
        Who lets rows pass that are not judged, and why. A row that fails never passes.

    Raises
    ------
    NotPromoted
        No model has that name, it has no challenger, or an override lacks its person or reason.
    """
    if name not in BY_NAME:
        raise NotPromoted(f"no model is called {name!r}. Models: {', '.join(BY_NAME)}")
    version = challengers(models).get(name)
    if version is None:
        raise NotPromoted(
            f"{name} has no challenger in {models}; train one with: "
            f"steelyard train LAKE --models {models} --model {name}"
        )
    if override is not None and not (override.by.strip() and override.reason.strip()):
        raise NotPromoted("an override names a person and a reason")
    champion = load(models, name)
    rows = compare(lake, (champion, load(models, name, version)), at, criteria)
    is_open = any(r.is_open for r in rows)
    passes = not any(r.fails for r in rows) and (override is not None or not is_open)
    if passes:
        set_champion(models, name, version)
    used = override if passes and is_open else None
    return Promotion(name, version, champion.version, rows, passes, used)
