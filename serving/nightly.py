"""The batch door: one night, from a checked lake to published tiers. Idempotent, locked, switched atomically."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow.parquet as pq

from data_contracts.check import check_lake
from data_contracts.contract import inbound_names
from data_contracts.lake import delivered, discard, open_lake, publish, published, run_folder
from features import catalogue, engine
from features.declare import ACCOUNT, OPERATOR, ORDER, SESSION, VIEW
from features.graphs.rings import Rings
from features.rings import find_rings
from serving import inputs, scorer, supervise
from serving.figures import attributed_shares, corrected_figures
from serving.policy import Policy
from serving.publish import locked, write_table
from serving.record import record_night
from serving.report import write_report
from training import release
from training.release import Released

MODEL_OF = {SESSION: "session_inflation", ORDER: "order_brushing", OPERATOR: "operator_rank", VIEW: "view_authenticity"}
Say = Callable[[str], None]


@dataclass(frozen=True)
class Night:
    """What a night was and where it lies; `fresh` is False when it had been published before."""

    run_id: str
    folder: Path
    date: date
    fresh: bool
    counts: dict[str, int]


@dataclass(frozen=True)
class Scored:
    """Signals and scores of one kind of entity; `main` is the model that decisions follow."""

    signals: pd.DataFrame
    scores: pd.DataFrame
    main: str
    peers: scorer.Peers

    def probability(self) -> pd.Series:
        rows = self.scores[self.scores["model"] == self.main]
        return rows["probability"]


def load_models(models: Path | None) -> dict[str, Released]:
    """Champions of the nightly models; none where nothing was released."""
    if models is None:
        return {}
    return {name: release.load(models, name) for name in MODEL_OF.values() if name in release.champions(models)}


def run_identity(night: date, digest: str, models: dict[str, Released], policy: Policy, before: str | None) -> str:
    """Run id: a digest of everything that decides the night's bytes."""
    parts = {
        "date": night.isoformat(),
        "data": digest,
        "models": {n: m.version for n, m in sorted(models.items())},
        "policy": policy.sha256,
        "catalogue": catalogue.digest(),
        "before": before,
    }
    return hashlib.sha256(json.dumps(parts, sort_keys=True).encode()).hexdigest()[:16]


def score_entity(
    tables: dict[str, Any],
    entity: str,
    only: list[str] | None,
    models: dict[str, Released],
    policy: Policy,
    stratum: pd.Series | None,
    say: Say,
) -> Scored:
    """Signals and scores of one kind of entity, by its champion where there is one and by deviance always."""
    signals = engine.compute(tables, catalogue.of_entity(entity), entity, only, lambda name: say(f"{entity} signals: {name}"))
    peers = scorer.peers_of(signals, stratum)
    say(f"{entity} scores")
    parts = [scorer.deviance_scores(signals, entity, catalogue.digest()[:12], peers, policy.night)]
    main = scorer.DEVIANCE
    if MODEL_OF.get(entity) in models:
        released = models[MODEL_OF[entity]]
        parts.append(scorer.model_scores(released, signals, peers, policy.night))
        main = released.model.name
    return Scored(signals, pd.concat(parts), main, peers)


def _categories(tables: dict[str, Any], entity: str) -> pd.Series | None:
    """Entity → category, the first stratum of peers."""
    if entity == SESSION and "sessions" in tables:
        frame = tables["sessions"].select("session_id", "category").to_pandas().set_index("session_id")
    elif entity == OPERATOR and "operators" in tables:
        frame = tables["operators"].select("operator_id", "category").to_pandas().set_index("operator_id")
    elif entity == ORDER and "operators" in tables and "orders" in tables:
        o = tables["orders"].select("order_id", "operator_id").join(tables["operators"].select("operator_id", "category"), "operator_id")
        frame = o.select("order_id", "category").to_pandas().set_index("order_id")
    else:
        return None
    return frame["category"].astype(object)


def _long(signals: pd.DataFrame, entity: str) -> pd.DataFrame:
    """Known values as rows of the `signals` contract."""
    values = signals.to_numpy()
    i, j = np.nonzero(np.isfinite(values))
    return pd.DataFrame(
        {"entity_kind": entity, "entity_id": signals.index.to_numpy()[i], "signal": signals.columns.to_numpy()[j], "value": values[i, j]}
    )


def nightly(
    folder: str | Path,
    night: date,
    models_folder: Path | None,
    policy: Policy,
    allow_short: bool = False,
    say: Say = lambda text: None,
) -> Night:
    """Score a night and publish it. Nothing is published unless all of it is.

    Raises StructuralBreak, NothingToScore, ArtefactRefused, OutputBreaksContract or LakeProblem.
    """
    lake = open_lake(folder)
    as_of = inputs.moment_of(night)
    with locked(lake):
        models = load_models(models_folder)
        digest = inputs.input_digest(lake, as_of)
        earlier = {d: r for d, r in published(lake).items() if d < night.isoformat()}
        before = earlier[max(earlier)] if earlier else None
        run_id = run_identity(night, digest, models, policy, before)
        target = lake / "runs" / run_id
        if published(lake).get(night.isoformat()) == run_id and target.is_dir():
            record_night(lake, run_id, night, target)  # a crash between publishing and recording is made good here
            return Night(run_id, target, night, False, {})
        say("checking contracts")
        checks = check_lake(lake, as_of, lambda name: say(f"checking {name}"))
        names = delivered(lake)
        if not allow_short:
            inputs.refuse_short(lake, names, as_of, policy.night)
        part = lake / "runs" / f".{run_id}.writing"
        discard(part)
        part.mkdir()
        counts = compute_night(lake, part, night, run_id, digest, models, policy, before, sum(c.quarantined for c in checks), say)
        discard(target)
        part.rename(target)
        publish(lake, run_id, night)
        record_night(lake, run_id, night, target)
    return Night(run_id, target, night, True, counts)


def compute_night(
    lake: Path,
    part: Path,
    night: date,
    run_id: str,
    digest: str,
    models: dict[str, Released],
    policy: Policy,
    before: str | None,
    quarantined: int,
    say: Say,
) -> dict[str, int]:
    """Everything of a night, written below `part`; nothing else is touched. Returns rows by table."""
    as_of = inputs.moment_of(night)
    tables = engine.duckdb_tables(lake, as_of)
    scope = inputs.scope_of_night(tables, as_of)
    scored: dict[str, Scored] = {}
    for entity, only in ((SESSION, scope.sessions), (ORDER, scope.orders), (OPERATOR, None)):
        if entity == OPERATOR or only:
            scored[entity] = score_entity(tables, entity, only, models, policy, _categories(tables, entity), say)
    say("rings")
    rings = find_rings(tables, _members_before(lake, before))
    members = rings.members["account_id"].tolist()
    accounts = engine.compute(tables, catalogue.of_entity(ACCOUNT), ACCOUNT, members) if members else pd.DataFrame()
    say("views")
    by_view = models.get(MODEL_OF[VIEW])
    shares = attributed_shares(tables, scored[SESSION], by_view) if by_view and "views" in tables and SESSION in scored else None
    say("corrected figures and tiers")
    figures = corrected_figures(tables, scored, scope, shares)
    decisions = supervise.decide_night(
        lake,
        night,
        before,
        scored[OPERATOR],
        scored.get(ORDER),
        figures,
        policy,
        *_conformal(scored[OPERATOR], models.get(MODEL_OF[OPERATOR])),
    )
    stamp = {"run_id": run_id, "as_of": pd.Timestamp(as_of)}
    unknown = sorted(s.name for s in catalogue.CATALOGUE if s.entity != VIEW and _never_known(s.name, scored, accounts))
    long = [_long(s.signals, e) for e, s in scored.items()] + ([_long(accounts, ACCOUNT)] if len(accounts) else [])
    scores = pd.concat([s.scores.rename_axis("entity_id").reset_index().assign(entity_kind=e) for e, s in scored.items()])
    run = pd.DataFrame(
        [
            {
                "run_id": run_id,
                "date": night,
                "as_of": as_of,
                "status": "complete",
                "tables_missing": json.dumps([n for n in inbound_names() if n not in tables]),
                "signals_unknown": json.dumps(unknown),
                "quarantined": quarantined,
                "sessions": len(scope.sessions),
                "orders": len(scope.orders),
                "operators": len(decisions),
                "catalogue_sha256": catalogue.digest(),
                "data_sha256": digest,
                "models": json.dumps({n: m.version for n, m in sorted(models.items())}),
                "policy_version": policy.version,
            }
        ]
    )
    say("writing")
    counts = {
        "signals": write_table(part, "signals", pd.concat(long).assign(**stamp)),
        "scores": write_table(part, "scores", scores.assign(**stamp, policy_version=policy.version)),
        "rings": write_table(part, "rings", rings.rings.assign(**stamp)),
        "ring_members": write_table(part, "ring_members", rings.members.assign(run_id=run_id)),
        "corrected_figures": write_table(part, "corrected_figures", figures.assign(**stamp)),
        "tier_decisions": write_table(part, "tier_decisions", decisions.assign(**stamp, date=night, policy_version=policy.version)),
        "runs": write_table(part, "runs", run),
    }
    _manifest(part, run_id, models, policy, digest, before)
    say("report")
    write_report(part, tables, rings, policy, previous=lake / "runs" / before if before else None)
    return counts | {"sessions": len(scope.sessions), "orders": len(scope.orders), "operators": len(decisions)}


def _conformal(operators: Scored, released: Released | None) -> tuple[pd.Series | None, pd.Series | None]:
    """Share of honest operators that look at least as suspicious as each, and whether none does, where honest ones are known."""
    if released is None or operators.main != released.model.name:
        return None, None
    p = released.conformal(released.raw(operators.signals[released.columns].to_numpy()))
    alone = p <= 1.0 / (len(released.manifest["honest"]) + 1.0)
    return pd.Series(p, index=operators.signals.index), pd.Series(alone, index=operators.signals.index)


def _members_before(lake: Path, before: str | None) -> pd.DataFrame | None:
    """Ring members of the night before, from which rings keep their names."""
    path = lake / "runs" / before / "ring_members.parquet" if before else None
    return pq.read_table(path).to_pandas() if path and path.exists() else None


def _never_known(name: str, scored: dict[str, Scored], accounts: pd.DataFrame) -> bool:
    for frame in [*(s.signals for s in scored.values()), accounts]:
        if name in frame.columns:
            return not frame[name].notna().any()
    return True


def _manifest(part: Path, run_id: str, models: dict[str, Released], policy: Policy, digest: str, before: str | None) -> None:
    """What a score is traced by: model version → MLflow run, data digest, code revision."""
    lineage = {n: {k: m.manifest[k] for k in ("version", "run_id", "revision", "data_sha256", "until")} for n, m in sorted(models.items())}
    text = json.dumps(
        {
            "run_id": run_id,
            "models": lineage,
            "policy": {"version": policy.version, "sha256": policy.sha256},
            "data_sha256": digest,
            "catalogue_sha256": catalogue.digest(),
            "before": before,
        },
        indent=1,
        sort_keys=True,
    )
    (part / "manifest.json").write_text(text, encoding="utf-8")


def backfill(lake: Path, first: date, last: date) -> list[date]:
    """Dates from first to last, oldest first: a night stands on the one before it."""
    return [first + timedelta(days=i) for i in range((last - first).days + 1)]


def rings_of(lake: Path, night: date) -> Rings:
    """Rings as they were known at the end of a published night, with their links, for an analyst."""
    manifest = json.loads((run_folder(lake, night.isoformat()) / "manifest.json").read_text("utf-8"))
    return find_rings(engine.duckdb_tables(lake, inputs.moment_of(night)), _members_before(lake, manifest["before"]))
