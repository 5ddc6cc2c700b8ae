"""The batch door: one night, from a checked lake to published tiers. Idempotent, locked, switched atomically."""

from __future__ import annotations

import hashlib
import json
import shutil
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path

import pandas as pd
import pyarrow.parquet as pq
from threadpoolctl import threadpool_limits

from data_contracts.contract import inbound_names
from data_contracts.lake import Lake, LakeOrFolder
from data_contracts.row_checks import check_lake
from data_contracts.runs import publish, published_runs, run_before, run_folder
from features import catalogue
from features.declaration import ACCOUNT, OPERATOR, ORDER, SESSION, VIEW
from features.engine.compute import compute
from features.engine.snapshot import Snapshot
from features.graphs.ring_merging import Rings
from features.ring_discovery import find_rings
from serving.figures.nightly_figures import corrected_figures, operator_figures, sessions_before
from serving.ledger.decisions import record_night
from serving.nightly.publish import locked, write_parts, write_table
from serving.oversight.overrides import decisions_digest
from serving.policy.schema import Policy
from serving.report.dossier import DossierInput
from serving.report.page import ReportInput, write_report
from serving.scoring import peer_snapshots
from serving.scoring import scope as inputs
from serving.scoring.nightly_scores import (
    Say,
    Scored,
    load_models,
    long_rows,
    operators_shown,
    ranker_before,
    score_entity,
    shadow_scores,
    shadows,
)
from serving.scoring.operator_history import operator_sessions, published_before
from serving.scoring.view_evidence import attributed_shares
from serving.supervision.night_tables import Stand, supervision_tables
from training.release.artefact import Released
from training.release.code_version import revision, sources_digest


@dataclass(frozen=True)
class Night:
    """What a night was and where it lies; `fresh` is False when it had been published before."""

    run_id: str
    folder: Path
    date: date
    fresh: bool
    counts: dict[str, int]


def run_identity(
    night: date,
    digest: str,
    models: dict[str, Released],
    policy: Policy,
    before: str | None,
    people: str,
    old: Released | None,
    challengers: dict[str, Released],
) -> str:
    """Run id: a digest of everything that decides the night's bytes. `people`: what they had decided; `old`: the ranker before."""
    parts = {
        "date": night.isoformat(),
        "data": digest,
        "models": {n: m.version for n, m in sorted(models.items())},
        "policy": policy.sha256,
        "catalogue": catalogue.digest(),
        "code": sources_digest(),
        "before": before,
        "people": people,
        "old": old.version if old else None,
        "challengers": {n: m.version for n, m in sorted(challengers.items())},
    }
    return hashlib.sha256(json.dumps(parts, sort_keys=True).encode()).hexdigest()[:16]


def nightly(
    folder: LakeOrFolder,
    night: date,
    models_folder: Path | None,
    policy: Policy,
    allow_short: bool = False,
    say: Say = lambda text: None,
) -> Night:
    """Score a night and publish it. Nothing is published unless all of it is.

    Raises StructuralBreak, NothingToScore, ArtefactRefused, OutputBreaksContract or LakeProblem.
    """
    lake = Lake.open(folder)
    as_of = inputs.moment_of(night)
    # one thread for BLAS: sums of floats then have one order on any machine, and its threads would only wait for one another
    with locked(lake), threadpool_limits(1, "blas"):
        models = load_models(models_folder)
        digest = inputs.input_digest(lake, as_of)
        before = run_before(lake, night)
        people = decisions_digest(lake, as_of, policy.floors.days)
        old = ranker_before(lake, before, models_folder, models)
        challengers = shadows(models_folder, models)
        run_id = run_identity(night, digest, models, policy, before, people, old, challengers)
        target = lake.run(run_id)
        if published_runs(lake).get(night.isoformat()) == run_id and target.is_dir():
            record_night(
                lake, run_id, night, target
            )  # a crash between publishing and recording is made good here
            return Night(run_id, target, night, False, {})
        say("checking contracts")
        checks = check_lake(lake, as_of, lambda name: say(f"checking {name}"))
        names = lake.delivered()
        if not allow_short:
            inputs.refuse_short(lake, names, as_of, policy.night)
        part = lake.unfinished_run(run_id)
        shutil.rmtree(part, ignore_errors=True)
        part.mkdir()
        counts = compute_night(
            lake,
            part,
            night,
            run_id,
            digest,
            models,
            policy,
            before,
            old,
            challengers,
            sum(c.quarantined for c in checks),
            say,
        )
        shutil.rmtree(target, ignore_errors=True)
        part.rename(target)
        publish(lake, run_id, night)
        record_night(lake, run_id, night, target)
    return Night(run_id, target, night, True, counts)


def compute_night(
    lake: Lake,
    part: Path,
    night: date,
    run_id: str,
    digest: str,
    models: dict[str, Released],
    policy: Policy,
    before: str | None,
    old: Released | None,
    challengers: dict[str, Released],
    quarantined: int,
    say: Say,
) -> dict[str, int]:
    """Everything of a night, written below `part`; nothing else is touched. Returns rows by table."""
    as_of = inputs.moment_of(night)
    tables = Snapshot.open(lake, as_of)
    scope = inputs.scope_of_night(tables, as_of)
    scored: dict[str, Scored] = {}
    for entity, only in ((SESSION, scope.sessions), (ORDER, scope.orders), (OPERATOR, None)):
        if entity == OPERATOR or only:
            others = (
                peer_snapshots.usual_sessions(tables, as_of, scope.sessions)
                if entity == SESSION
                else None
            )
            known = published_before(lake, before, tables, as_of) if entity == SESSION else None
            showed = operators_shown(scored) if entity == OPERATOR else None
            scored[entity] = score_entity(
                tables, entity, only, models, policy, say, others, known, showed
            )
    say("rings")
    rings = find_rings(tables, _members_before(lake, before))
    members = rings.members["account_id"].tolist()
    accounts = (
        compute(tables, catalogue.of_entity(ACCOUNT), ACCOUNT, members)
        if members
        else pd.DataFrame()
    )
    sessions = scored.get(SESSION)
    looked = sessions.beside.looked if sessions is not None else None
    shares = (
        attributed_shares(looked, sessions.by_all_views())
        if sessions is not None and looked is not None
        else None
    )
    say("corrected figures and tiers")
    figures = corrected_figures(tables, scored, scope, shares)
    whole = [
        f
        for f in (
            figures[figures["entity_kind"] == SESSION] if len(figures) else figures,
            sessions_before(lake, before),
        )
        if len(f)
    ]
    more = (
        operator_figures(pd.concat(whole, ignore_index=True), tables) if whole else pd.DataFrame()
    )
    figures = (
        pd.concat([f for f in (figures, more) if len(f)], ignore_index=True)
        if len(figures) or len(more)
        else figures
    )
    stand = Stand(lake, run_id, as_of, before, policy)
    follows = supervision_tables(stand, tables, scored, figures, rings, old)
    stamp = {"run_id": run_id, "as_of": pd.Timestamp(as_of)}
    unknown = sorted(
        s.name
        for s in catalogue.CATALOGUE
        if s.entity != VIEW and _never_known(s.name, scored, accounts)
    )
    known = {e: s.signals for e, s in scored.items()} | {ACCOUNT: accounts}
    scores = pd.concat(
        [
            s.scores.drop(columns="mostly_orders")
            .rename_axis("entity_id")
            .reset_index()
            .assign(entity_kind=e)
            for e, s in scored.items()
        ]
    )
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
                "operators": len(follows["tier_decisions"]),
                "catalogue_sha256": catalogue.digest(),
                "data_sha256": digest,
                "models": json.dumps({n: m.version for n, m in sorted(models.items())}),
                "policy_version": policy.version,
            }
        ]
    )
    say("writing")
    counts = {
        "signals": write_parts(
            part, "signals", (rows.assign(**stamp) for rows in long_rows(known))
        ),
        "scores": write_table(
            part, "scores", scores.assign(**stamp, policy_version=policy.version)
        ),
        "rings": write_table(part, "rings", rings.rings.assign(**stamp)),
        "ring_members": write_table(part, "ring_members", rings.members.assign(run_id=run_id)),
        "corrected_figures": write_table(part, "corrected_figures", figures.assign(**stamp)),
        "runs": write_table(part, "runs", run),
        "operator_sessions": write_table(
            part, "operator_sessions", operator_sessions(scored.get(SESSION)).assign(**stamp)
        ),
        "shadow_scores": write_table(
            part, "shadow_scores", shadow_scores(scored, challengers).assign(**stamp)
        ),
    }
    follows["tier_decisions"] = follows["tier_decisions"].assign(
        date=night, policy_version=policy.version
    )
    counts |= {
        name: write_table(part, name, frame.assign(**stamp)) for name, frame in follows.items()
    }
    (part / "policy.toml").write_text(policy.text, "utf-8")
    peer_snapshots.write(part, scored)
    _manifest(part, run_id, models, policy, digest, before, challengers)
    say("report")
    seen = DossierInput(scored[OPERATOR], scored[OPERATOR].released, tables, lake, before)
    write_report(part, ReportInput(stand, seen, rings))
    return counts | {
        "sessions": len(scope.sessions),
        "orders": len(scope.orders),
        "operators": len(follows["tier_decisions"]),
    }


def _members_before(lake: Lake, before: str | None) -> pd.DataFrame | None:
    """Ring members of the night before, from which rings keep their names."""
    path = lake.run(before) / "ring_members.parquet" if before else None
    return pq.read_table(path).to_pandas() if path and path.exists() else None


def _never_known(name: str, scored: dict[str, Scored], accounts: pd.DataFrame) -> bool:
    for frame in [*(s.signals for s in scored.values()), accounts]:
        if name in frame.columns:
            return not frame[name].notna().any()
    return True


def _manifest(
    part: Path,
    run_id: str,
    models: dict[str, Released],
    policy: Policy,
    digest: str,
    before: str | None,
    challengers: dict[str, Released],
) -> None:
    """What a score is traced by: model version → MLflow run, data digest, code revision."""
    lineage = {
        n: {k: m.manifest[k] for k in ("version", "run_id", "revision", "data_sha256", "until")}
        for n, m in sorted(models.items())
    }
    text = json.dumps(
        {
            "run_id": run_id,
            "models": lineage,
            "policy": {"version": policy.version, "sha256": policy.sha256},
            "data_sha256": digest,
            "catalogue_sha256": catalogue.digest(),
            "code": {"revision": revision(), "sha256": sources_digest()},
            "before": before,
            "challengers": {n: m.version for n, m in sorted(challengers.items())},
        },
        indent=1,
        sort_keys=True,
    )
    (part / "manifest.json").write_text(text, encoding="utf-8")


def backfill(first: date, last: date) -> list[date]:
    """Dates from first to last, oldest first: a night stands on the one before it."""
    return [first + timedelta(days=i) for i in range((last - first).days + 1)]


def rings_of(lake: LakeOrFolder, night: date) -> Rings:
    """Rings as they were known at the end of a published night, with their links, for an analyst."""
    lake = Lake.open(lake)
    manifest = json.loads(
        (run_folder(lake, night.isoformat()) / "manifest.json").read_text("utf-8")
    )
    return find_rings(
        Snapshot.open(lake, inputs.moment_of(night)),
        _members_before(lake, manifest["before"]),
    )
