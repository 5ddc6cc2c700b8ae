"""Champion against challenger: a challenger takes over only when it is better on verdicts that neither was trained on.

Both models score the same matured verdicts, received after both were trained. Each flags as many as the champion flags,
so that neither wins by flagging more. A row that fails is said, and nothing is promoted.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path

import numpy as np
import pandas as pd
from sklearn.metrics import average_precision_score

from data_contracts.errors import SteelyardError
from data_contracts.lake import Lake, LakeOrFolder
from features.declaration import ORDER, SESSION
from features.engine.snapshot import Snapshot
from training.dataset.replay import Dataset, build, tied_operators
from training.declaration import Model
from training.evaluation.attack_cost import price_unseen, prices, typologies
from training.fitting import raw_of
from training.models.registry import BY_NAME
from training.release.artefact import Released, challengers, load, set_champion

DRAWS = 400


class NotPromoted(SteelyardError):
    """A challenger did not pass its gate, or there is none."""

    exit_code = 14


@dataclass(frozen=True)
class Gate:
    """How much better a challenger must be: least gain of average precision, worst low end of its interval, most loss in any
    slice (shares), and the verdicts that a row needs."""

    gain: float
    worst_loss: float
    group_loss: float
    least_rows: int


@dataclass(frozen=True)
class Row:
    """One row of the gate: what, champion's and challenger's figure (higher is better), 90 % interval of the difference."""

    what: str
    rows: int
    champion: float
    challenger: float
    low: float
    high: float
    holds: bool
    why: str


def _interval(
    a: np.ndarray, b: np.ndarray, truth: np.ndarray, group: np.ndarray
) -> tuple[float, float]:
    """90 % bootstrap interval of the difference of average precisions, resampling whole groups for both models at once."""
    names, codes = np.unique(group.astype(str), return_inverse=True)
    members = [np.flatnonzero(codes == i) for i in range(len(names))]
    rng, found = np.random.default_rng(7), []
    for _ in range(DRAWS):
        rows = np.concatenate([members[i] for i in rng.integers(0, len(members), len(members))])
        if 0 < truth[rows].sum() < len(rows):
            found.append(
                average_precision_score(truth[rows], b[rows])
                - average_precision_score(truth[rows], a[rows])
            )
    low, high = np.quantile(found, [0.05, 0.95]) if found else (np.nan, np.nan)
    return float(low), float(high)


def ranked_better(
    what: str, a: np.ndarray, b: np.ndarray, truth: np.ndarray, group: np.ndarray, gate: Gate
) -> Row:
    """Average precision on a set of verdicts: better by the gain, and its low end no worse than allowed."""
    if len(truth) < gate.least_rows or not 0 < truth.sum() < len(truth):
        words = f"needs {gate.least_rows} verdicts of both kinds, has {len(truth)} ({int(truth.sum())} confirmed)"
        return Row(
            what, len(truth), float("nan"), float("nan"), float("nan"), float("nan"), False, words
        )
    old, new = float(average_precision_score(truth, a)), float(average_precision_score(truth, b))
    low, high = _interval(a, b, truth, group)
    good = new - old >= gate.gain and low >= gate.worst_loss
    words = (
        ""
        if good
        else f"gains {new - old:+.3f} ({low:+.3f} to {high:+.3f}); needs {gate.gain:+.3f} with a low end of {gate.worst_loss:+.3f}"
    )
    return Row(what, len(truth), old, new, low, high, good, words)


def no_worse(what: str, a: np.ndarray, b: np.ndarray, weight: np.ndarray, gate: Gate) -> Row | None:
    """Weighted share of a slice that is treated rightly, by each model; None where the slice is too small to say."""
    if len(a) < gate.least_rows or weight.sum() <= 0:
        return None
    old, new = float(np.average(a, weights=weight)), float(np.average(b, weights=weight))
    good = old - new <= gate.group_loss + 1e-9
    return Row(
        what,
        len(a),
        old,
        new,
        float("nan"),
        float("nan"),
        good,
        "" if good else f"loses {old - new:.3f}; {gate.group_loss:.3f} is allowed",
    )


def slices(tables: Snapshot, model: Model, data: Dataset) -> dict[str, np.ndarray]:
    """Groups (new, small, region) and look-alikes that tables show (raided, boosted, virtual host, small gifts), as masks of rows."""
    owner = _owners(tables, model, data)
    out: dict[str, np.ndarray] = {}
    if "operators" in tables:
        o = (
            tables["operators"]
            .select("operator_id", "registered_at", "region", "category")
            .to_pandas()
            .set_index("operator_id")
        )
        age = (
            data.received.to_numpy() - owner.map(o["registered_at"]).to_numpy()
        ) / np.timedelta64(1, "D")
        out["group new"] = np.asarray(age < 30)
        for kind in ("region", "category"):
            values = owner.map(o[kind]).to_numpy(dtype=object)
            out |= {
                f"group {kind} {v}": values == v
                for v in sorted({str(x) for x in values if isinstance(x, str)})
            }
    sizes = owner.map(owner.value_counts())
    out["group small"] = (sizes <= sizes.median()).to_numpy()
    if model.entity == SESSION and "sessions" in tables:
        s = tables["sessions"]
        hosts = set(s.filter(s.virtual_host).session_id.to_pandas())
        out["look-alike virtual host"] = data.entity.isin(hosts).to_numpy()
        for name, table, column in (
            ("raided", "room_links", "to_session_id"),
            ("boosted", "boosts", "session_id"),
        ):
            if table in tables:
                out[f"look-alike {name}"] = data.entity.isin(
                    set(tables[table][column].to_pandas())
                ).to_numpy()
    return out


def _owners(tables: Snapshot, model: Model, data: Dataset) -> pd.Series:
    """Operator of each row."""
    if model.entity not in (SESSION, ORDER):
        return data.entity.astype(object)
    t = tables["sessions" if model.entity == SESSION else "orders"]
    frame = (
        t.select(e=f"{model.entity}_id", operator_id="operator_id")
        .to_pandas()
        .set_index("e")["operator_id"]
    )
    return data.entity.map(frame)


def attacker_rows(
    tables: Snapshot,
    model: Model,
    data: Dataset,
    hit_a: np.ndarray,
    hit_b: np.ndarray,
    gate: Gate,
) -> list[Row]:
    """For each typology of confirmed cases: what one costs an attacker that stays unseen, by each model; it may fall by `group_loss`."""
    price = data.entity.map(prices(tables, model.entity)).to_numpy(dtype=float)
    kind = data.entity.map(typologies(tables, model.entity)).to_numpy(dtype=object)
    out = []
    for name in sorted({k for k in kind if isinstance(k, str)}):
        rows = (kind == name) & (data.labels["confirmed"] == 1).to_numpy() & np.isfinite(price)
        if rows.sum() < gate.least_rows:
            continue
        old, new = price_unseen(price[rows], hit_a[rows]), price_unseen(price[rows], hit_b[rows])
        good = new >= old * (1.0 - gate.group_loss) - 1e-9
        why = (
            ""
            if good
            else f"falls from {old:.2f} to {new:.2f}; a fall of {gate.group_loss:.0%} is allowed"
        )
        what = f"attacker, {name}: price in CNY of one case that stays unseen"
        out.append(Row(what, int(rows.sum()), old, new, float("nan"), float("nan"), good, why))
    return out


def judge(
    lake: LakeOrFolder,
    model: Model,
    champion: Released,
    challenger: Released,
    at: datetime,
    gate: Gate,
) -> list[Row]:
    """Rows of the gate, the matured verdicts first."""
    lake = Lake.open(lake)
    tables = Snapshot.open(lake, at)
    data = build(lake, model, at, tied_operators(tables))
    since = pd.Timestamp(max(champion.manifest["until"], challenger.manifest["until"]))
    keep = (data.received >= since).to_numpy() if len(data) else np.zeros(0, dtype=bool)
    kept = [
        part[keep].reset_index(drop=True)
        for part in (data.signals, data.labels, data.received, data.group, data.night, data.entity)
    ]
    data = replace(Dataset(*kept), peers=data.peers)
    truth = data.labels["confirmed"].to_numpy(dtype=int)
    a, b = (
        raw_of(m.trees, data, np.ones(len(data), dtype=bool)) if len(data) else np.zeros(0)
        for m in (champion, challenger)
    )
    audited, group = data.labels["audited"].to_numpy(dtype=bool), data.group.to_numpy()
    out = [
        ranked_better("matured verdicts: average precision", a, b, truth, group, gate),
        ranked_better(
            "random audit: average precision",
            a[audited],
            b[audited],
            truth[audited],
            group[audited],
            gate,
        ),
    ]
    if not len(data):
        return out
    many = int((champion.probability(a) >= 0.5).sum())
    hit_a, hit_b = (
        np.isin(np.arange(len(x)), np.argsort(-x, kind="stable")[:many]) for x in (a, b)
    )
    guilty = truth == 1
    for name, mask in slices(tables, model, data).items():
        for words, rows in (("honest spared", mask & ~guilty), ("confirmed found", mask & guilty)):
            if name.startswith("look-alike") and words == "confirmed found":
                continue
            right_a, right_b = (hit[rows] == guilty[rows] for hit in (hit_a, hit_b))
            found = no_worse(f"{name}: {words}", right_a, right_b, np.ones(int(rows.sum())), gate)
            out += [found] if found else []
    return out + attacker_rows(tables, model, data, hit_a, hit_b, gate)


def promote(
    lake: LakeOrFolder, models: Path, name: str, at: datetime, gate: Gate
) -> tuple[str, list[Row]]:
    """Judge the challenger of a model; make it champion when every row holds. Returns its version and the rows.

    Raises NotPromoted, and changes nothing, when there is no challenger or a row fails: the message names the row.
    """
    lake = Lake.open(lake)
    if name not in BY_NAME:
        raise NotPromoted(f"no model is called {name!r}. Models: {', '.join(BY_NAME)}")
    version = challengers(models).get(name)
    if version is None:
        raise NotPromoted(
            f"{name} has no challenger in {models}; train one with: steelyard train LAKE --models {models} --model {name}"
        )
    champion, challenger = load(models, name), load(models, name, version)
    rows = judge(lake, BY_NAME[name], champion, challenger, at, gate)
    if all(r.holds for r in rows):
        set_champion(models, name, version)
    return version, rows
