"""Replay: a published night computed again from its data, models and policy, compared bit for bit; and what-if on a policy."""

from __future__ import annotations

import json
import shutil
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import pandas as pd
import pyarrow.parquet as pq

from data_contracts.errors import LakeProblem
from data_contracts.lake import Lake, LakeOrFolder
from data_contracts.parquet import digest_file
from data_contracts.runs import published_runs
from serving.nightly.pipeline import compute_night, run_identity
from serving.oversight.overrides import decisions_digest
from serving.policy.schema import Policy
from serving.scoring import scope
from serving.scoring.nightly_scores import ranker_before
from serving.supervision.operator_decisions import past_of
from serving.tiers.decision import decide
from serving.tiers.evidence import OperatorEvidence
from training.release import artefact
from training.release.code_version import revision, sources_digest


@dataclass(frozen=True)
class Replayed:
    """What a replay found: the run it computed, the tables that differ (none when it stands), and the decisions compared."""

    run_id: str
    published_run: str
    differ: list[str]
    decisions: int
    decision: str = ""

    @property
    def stands(self) -> bool:
        return not self.differ and self.run_id == self.published_run


def _manifest(lake: Lake, night: date) -> tuple[str, dict]:
    run = published_runs(lake).get(night.isoformat())
    path = lake.run(str(run)) / "manifest.json"
    if run is None or not path.exists():
        raise LakeProblem(
            f"{lake} has no published night of {night}; published: {', '.join(sorted(published_runs(lake))) or 'none'}"
        )
    return run, json.loads(path.read_text("utf-8"))


def replay(
    folder: LakeOrFolder,
    night: date,
    models_folder: Path | None,
    policy: Policy,
    say: Callable[[str], None] = lambda text: None,
    operator: str | None = None,
) -> Replayed:
    """Compute a published night again, in a folder of its own that is thrown away, and compare every table.

    `operator`: its decision alone is also compared, cell by cell, and said in `decision`.

    Raises LakeProblem when the night, or a model version that decided it, is not there, or when the policy or the code is
    another one.
    """
    lake = Lake.open(folder)
    run, manifest = _manifest(lake, night)
    if manifest["policy"]["sha256"] != policy.sha256:
        raise LakeProblem(
            f"the night of {night} was decided by policy {manifest['policy']['version']} ({manifest['policy']['sha256'][:12]}), "
            f"not by the one given ({policy.version}, {policy.sha256[:12]}); pass the file of that day with --policy-file"
        )
    code = manifest.get("code", {"revision": "an earlier version", "sha256": ""})
    if code["sha256"] != sources_digest():
        raise LakeProblem(
            f"the night of {night} was computed by other code ({code['revision'][:12]}) than this ({revision()[:12]}); "
            "install that revision to replay it"
        )
    if manifest["models"] and models_folder is None:
        raise LakeProblem(
            f"the night of {night} was scored by models; name their folder with --models"
        )
    models = {
        n: artefact.load(Path(str(models_folder)), n, m["version"])
        for n, m in manifest["models"].items()
    }
    digest = scope.input_digest(lake, scope.moment_of(night))
    old = ranker_before(lake, manifest["before"], models_folder, models)
    people = decisions_digest(lake, scope.moment_of(night), policy.floors.days)
    challengers = {
        n: artefact.load(Path(str(models_folder)), n, v)
        for n, v in manifest.get("challengers", {}).items()
    }
    identity = run_identity(
        night, digest, models, policy, manifest["before"], people, old, challengers
    )
    with tempfile.TemporaryDirectory() as scratch:
        part = Path(scratch) / "night"
        part.mkdir()
        quarantined = int(pq.read_table(lake.run(run) / "runs.parquet")["quarantined"][0].as_py())
        compute_night(
            lake,
            part,
            night,
            run,
            digest,
            models,
            policy,
            manifest["before"],
            old,
            challengers,
            quarantined,
            say,
        )
        tables = sorted(p.name for p in (lake.run(run)).glob("*.parquet"))
        differ = [
            t
            for t in tables
            if not (part / t).exists() or digest_file(part / t) != digest_file(lake.run(run) / t)
        ]
        decisions = pq.read_metadata(part / "tier_decisions.parquet").num_rows
        said = _one(lake.run(run), part, operator) if operator else ""
        shutil.rmtree(part)
    return Replayed(identity, run, differ, decisions, said)


def _one(published_in: Path, again_in: Path, operator: str) -> str:
    """Whether one operator's decision is the same in two runs, with its tier."""
    was, now = (
        pq.read_table(f / "tier_decisions.parquet", filters=[("operator_id", "==", operator)])
        for f in (published_in, again_in)
    )
    if not was.num_rows:
        raise LakeProblem(f"that night decided nothing about operator {operator}")
    return f"{operator} {was['tier'][0].as_py()}: {'the same bit for bit' if was.equals(now) else 'differs'}"


def standings_of(lake: Lake, run: str) -> list[OperatorEvidence]:
    """The standings that a night decided on, from what it published."""
    folder = lake.run(run)
    decisions = pq.read_table(folder / "tier_decisions.parquet").to_pandas()
    signals = pq.read_table(
        folder / "signals.parquet", filters=[("entity_kind", "==", "operator")]
    ).to_pandas()
    known = signals[
        signals["signal"].isin(
            ["operator_session_count", "operator_order_count", "operator_view_count"]
        )
    ]
    wide = known.pivot(index="entity_id", columns="signal", values="value")

    def value(operator: str, name: str) -> float | None:
        return (
            float(wide.at[operator, name])
            if operator in wide.index and name in wide and pd.notna(wide.at[operator, name])
            else None
        )

    out = []
    for r in decisions.itertuples(index=False):
        why = json.loads(r.why)
        out.append(
            OperatorEvidence(
                r.operator_id,
                None if pd.isna(r.risk) else float(r.risk),
                None if pd.isna(r.influence) else float(r.influence),
                int(why.get("facts", 0)),  # nights of earlier policies counted alarms instead
                value(r.operator_id, "operator_session_count"),
                value(r.operator_id, "operator_order_count"),
                beneficiary=r.attribution,
                p_value=None if pd.isna(r.p_value) else float(r.p_value),
                is_extreme=bool(why["rarest"]),
                stratum=why.get("stratum", ""),
                floor=why.get("floor"),
                override=why["override"]["tier"] if why.get("override") else None,
                contested=bool(why.get("contested", False)),
                mostly_orders=bool(
                    why.get("by_orders", True)
                ),  # nights of earlier policies did not say
                views=value(r.operator_id, "operator_view_count"),
                anomaly_score=float(why.get("deviance", 0.0)),
                worst_session_probability=why["session"]["probability"]
                if why.get("session")
                else None,
                worst_session=why["session"]["id"] if why.get("session") else "",
            )
        )
    return out


def what_if(folder: LakeOrFolder, first: date, last: date, policy: Policy) -> pd.DataFrame:
    """Who would have had another tier under a policy, night by night: date, operator_id, tier, would_be.

    Each night stands on the tiers that the new policy itself would have given the night before, the first on those that were in force.
    """
    lake = Lake.open(folder)
    nights = [d for d in sorted(published_runs(lake)) if first.isoformat() <= d <= last.isoformat()]
    if not nights:
        raise LakeProblem(f"{lake} has no published night from {first} to {last}")
    manifest = json.loads(
        (lake.run(published_runs(lake)[nights[0]]) / "manifest.json").read_text("utf-8")
    )
    past, rows = past_of(lake, manifest["before"]), []
    for night in nights:
        run = published_runs(lake)[night]
        decisions = (
            pq.read_table(lake.run(run) / "tier_decisions.parquet")
            .to_pandas()
            .set_index("operator_id")
        )
        standings = [
            OperatorEvidence(**(s.__dict__ | past.get(s.operator_id, {})))
            for s in standings_of(lake, run)
        ]
        version = str(decisions["model_version"].iloc[0]) if len(decisions) else "none"
        for s, d in zip(standings, decide(standings, policy, version), strict=True):
            milder = s.previous_tier is not None and d.proposed < s.previous_tier
            past[s.operator_id] = {
                "previous_tier": d.tier,
                "previous_risk": s.risk,
                "previous_model": version,
                "previous_policy": policy.version,
                "clean_nights": s.clean_nights + 1 if milder and d.tier == s.previous_tier else 0,
            }
            if d.tier != decisions.at[s.operator_id, "tier"]:
                rows.append((night, s.operator_id, decisions.at[s.operator_id, "tier"], d.tier))
    return pd.DataFrame(rows, columns=["date", "operator_id", "tier", "would_be"])
