"""Last stage of a night: all tables, the manifest and the report, written below one folder."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path

import numpy as np
import pandas as pd

from data_contracts.contract import inbound_names
from data_contracts.verification.manifest import write_manifest
from features import catalogue
from features.declaration import VIEW
from features.graphs.rings import Rings
from serving.nightly.decided_night import DecidedNight
from serving.nightly.delivery import suspicions_of_night
from serving.nightly.night_basis import basis_of_night
from serving.nightly.run_identity import manifest_of
from serving.nightly.scored_night import ScoredNight
from serving.nightly.table_writer import write_parts, write_table
from serving.report.night_report import write_report
from serving.scoring.entity_scores import EntityScores
from serving.scoring.night_context import NightContext, Progress
from serving.scoring.peer_snapshots import write_peer_snapshots
from serving.scoring.posterior import posterior
from serving.tiers.false_discovery import AccusationBound
from training.release.artefact import Released

ENTITIES_PER_PART = 20_000  # bounds the memory of the long table of signals


def publish(
    context: NightContext, decided: DecidedNight, folder: Path, quarantined: int, say: Progress
) -> dict[str, int]:
    """Write a night below a folder; nothing else is touched.

    Parameters
    ----------
    context
        Context of the night.
    decided
        All that was scored, corrected and decided.
    folder
        An empty folder.
    quarantined
        Rows of the delivery that were set aside.
    say
        Called with each step.

    Returns
    -------
    dict[str, int]
        Rows by table, and the numbers of scored sessions, orders and operators.
    """
    scored, stamp = decided.corrected.scored, {"run_id": context.run_id}
    stamp_in_time = stamp | {"as_of": pd.Timestamp(context.as_of)}
    scored_counts = _scored_counts(decided)
    false_views = decided.corrected.false_views
    run = _run_row(context, scored, quarantined) | scored_counts | _bound_columns(decided.bound)
    found = suspicions_of_night(context, scored.tables)
    run["suspicions"] = json.dumps([asdict(s) for s in found], ensure_ascii=False)
    run["basis"] = json.dumps(basis_of_night(decided.corrected), ensure_ascii=False)
    run["false_views"] = len(false_views.rows)
    run["expected_false_views"] = false_views.expected
    run["accounts"] = scored.accounts.scored
    run["accounts_left_out"] = scored.accounts.left_out
    decisions = decided.tables["tier_decisions"].assign(
        date=context.date, policy_version=context.policy.version
    )
    tables = {
        "scores": score_rows(scored.entities).assign(policy_version=context.policy.version),
        "rings": scored.rings.rings,
        "corrected_figures": decided.corrected.figures,
        "false_views": false_views.rows,
        "operator_sessions": operator_session_rows(scored.sessions),
        "shadow_scores": challenger_rows(scored.entities, context.challengers),
        **decided.tables,
        "tier_decisions": decisions,
    }
    say("writing")
    parts = (rows.assign(**stamp_in_time) for rows in signal_rows(_signals(scored)))
    counts = {"signals": write_parts(folder, "signals", parts)}
    counts |= {
        name: write_table(folder, name, frame.assign(**stamp_in_time))
        for name, frame in tables.items()
    }
    counts |= {
        name: write_table(folder, name, frame.assign(**stamp))
        for name, frame in ring_tables(scored.rings).items()
    }
    counts["runs"] = write_table(folder, "runs", pd.DataFrame([run]))
    (folder / "policy.toml").write_text(context.policy.text, "utf-8")
    write_peer_snapshots(folder, scored.entities)
    say("report")
    write_report(folder, context, scored.tables)
    write_manifest(folder, manifest_of(context))
    return counts | scored_counts


def score_rows(scored: dict[str, EntityScores]) -> pd.DataFrame:
    """Scores of all entities: rows of their contract less the run's stamp."""
    return pd.concat(
        [
            s.rows.drop(columns="mostly_orders")
            .rename_axis("entity_id")
            .reset_index()
            .assign(entity_kind=entity)
            for entity, s in scored.items()
        ]
    )


def signal_rows(
    signals: dict[str, pd.DataFrame], entities_per_part: int = ENTITIES_PER_PART
) -> Iterator[pd.DataFrame]:
    """Known values of signals as rows of the `signals` contract, sorted by its key, in parts.

    Parameters
    ----------
    signals
        Values by kind of entity, index entity id, one column a signal.
    entities_per_part
        Entities of each part at most.
    """
    for entity in sorted(signals):
        whole = signals[entity].sort_index(axis=1)
        for start in range(0, len(whole), entities_per_part):
            part = whole.iloc[start : start + entities_per_part]
            values = part.to_numpy()
            i, j = np.nonzero(np.isfinite(values))
            columns = {
                "entity_id": part.index.to_numpy()[i],
                "signal": part.columns.to_numpy()[j],
                "value": values[i, j],
            }
            yield pd.DataFrame({"entity_kind": entity, **columns})


def ring_tables(rings: Rings) -> dict[str, pd.DataFrame]:
    """Members, links and operators of rings as rows of their contracts, less the run's stamp."""
    ring_of = rings.members.set_index("account_id")["ring_id"]
    links = rings.links.assign(
        ring_id=rings.links["left"].map(ring_of), other=rings.links["right"].map(ring_of)
    )
    inside = links[links["ring_id"].notna() & (links["ring_id"] == links["other"])]
    named = inside.rename(columns={"left": "left_account", "right": "right_account"})
    columns = ["ring_id", "left_account", "right_account", "kind"]
    return {
        "ring_members": rings.members,
        "ring_links": named.groupby(columns, as_index=False)["times"].sum(),
        "ring_operators": rings.shops[["ring_id", "operator_id", "members"]],
    }


def operator_session_rows(sessions: EntityScores | None) -> pd.DataFrame:
    """Sessions of each operator in two weeks, and how many are inflated: rows of their contract.

    There are no rows without a model, and no worst session where no views were assessed.
    """
    if sessions is None or sessions.release is None:
        return pd.DataFrame()
    both = sessions.history.join(sessions.worst)
    return both.rename_axis("operator_id").reset_index().astype({"sessions": np.int64})


def challenger_rows(
    scored: dict[str, EntityScores], challengers: dict[str, Released]
) -> pd.DataFrame:
    """Probabilities of challengers, pooled as the champions' are: rows of `shadow_scores`."""
    parts = []
    for entity, s in scored.items():
        if s.model not in challengers:
            continue
        challenger = challengers[s.model].rebased_on(s.context.compared, s.context.owner)
        found = posterior(challenger, s.context).loc[s.signals.index]
        raw, probability = found["raw"].to_numpy(), found["pooled"].to_numpy()
        rank = np.empty(len(raw), dtype=np.int64)
        rank[np.lexsort((-raw, -probability))] = np.arange(1, len(raw) + 1)
        parts.append(
            pd.DataFrame(
                {
                    "entity_kind": entity,
                    "entity_id": s.signals.index,
                    "model": s.model,
                    "model_version": challenger.version,
                    "probability": probability,
                    "rank": rank,
                }
            )
        )
    return pd.concat(parts, ignore_index=True) if parts else pd.DataFrame()


def _scored_counts(decided: DecidedNight) -> dict[str, int]:
    scope = decided.corrected.scored.scope
    return {
        "sessions": len(scope.sessions),
        "orders": len(scope.orders),
        "operators": len(decided.tables["tier_decisions"]),
    }


def _bound_columns(bound: AccusationBound) -> dict[str, int]:
    return {"cleared_operators": bound.cleared, "cleared_operators_missing": bound.missing}


def _run_row(context: NightContext, scored: ScoredNight, quarantined: int) -> dict[str, object]:
    """The row of the `runs` contract, less the counts of scored entities."""
    known = {name for frame in _signals(scored).values() for name in _known(frame)}
    unknown = sorted(
        s.name for s in catalogue.CATALOGUE if s.entity != VIEW and s.name not in known
    )
    return {
        "run_id": context.run_id,
        "date": context.date,
        "as_of": context.as_of,
        "status": "complete",
        "tables_missing": json.dumps([n for n in inbound_names() if n not in scored.tables]),
        "signals_unknown": json.dumps(unknown),
        "without_peers": json.dumps(_without_peers(scored)),
        "quarantined": quarantined,
        "catalogue_sha256": catalogue.digest(),
        "data_sha256": context.data_sha256,
        "models": json.dumps({n: m.version for n, m in sorted(context.champions.items())}),
        "policy_version": context.policy.version,
    }


def _without_peers(scored: ScoredNight) -> list[str]:
    """Kinds of entities whose model compared them with its reference alone (ADR-0192)."""
    releases = {e: s.release for e, s in scored.entities.items() if s.release is not None}
    return sorted(e for e, release in releases.items() if release.trees.peers is None)


def _signals(scored: ScoredNight) -> dict[str, pd.DataFrame]:
    """Signals of all entities whose scores are published."""
    return {e: s.signals for e, s in scored.entities.items()}


def _known(signals: pd.DataFrame) -> list[str]:
    """Signals that some entity has a value of."""
    return list(signals.columns[signals.notna().any()]) if len(signals.columns) else []
