"""Identity of a run: a digest of everything that decides its bytes (ADR-0001)."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any

from data_contracts.errors import LakeProblem
from data_contracts.lake import Lake
from data_contracts.runs import published_runs, run_before
from data_contracts.verification.manifest import run_id_of
from data_contracts.verification.run_opening import open_run
from features import catalogue
from serving.nightly.delivery import delivered_files, input_digest
from serving.oversight.overrides import decisions_digest
from serving.policy.schema import Policy
from serving.scoring.night_context import NightContext
from serving.scoring.nightly_models import (
    load_challengers,
    load_champions,
    own_models,
    replaced_ranker,
)
from training.estimator.share_prior import load_share_prior
from training.release.artefact import Released, load
from training.release.code_version import revision, sources_digest


def open_context(
    lake: Lake, night: date, models_folder: Path | None, policy: Policy
) -> NightContext:
    """Context of a night that is to be computed: the models in service, the night before."""
    champions = load_champions(models_folder)
    return identified(
        NightContext(
            lake=lake,
            date=night,
            policy=policy,
            previous_run=run_before(lake, night),
            champions=champions,
            challengers=load_challengers(models_folder, champions),
        ),
        models_folder,
    )


def refuse_lost_models(context: NightContext) -> None:
    """Raise LakeProblem when a night would lack own models that the last published night had.

    The last one is that of the same date or before it.
    """
    nights = published_runs(context.lake)
    published = [n for n in nights if n <= context.date.isoformat()]
    if not published:
        return
    last = max(published)
    try:
        manifest = open_run(context.lake, nights[last], last).manifest
    except LakeProblem:
        if last != context.date.isoformat():
            raise
        return  # it is damaged or gone, and is published again now
    kept = {name for name, model in context.champions.items() if not model.is_prior}
    if lost := sorted(own_models(manifest) - kept):
        raise LakeProblem(
            f"the night of {last} was scored by own models that are missing now: "
            f"{', '.join(lost)}. Name their folder with --models, or pass --without-models "
            "to publish by the released prior"
        )


def published_context(
    lake: Lake,
    night: date,
    models_folder: Path | None,
    policy: Policy,
    manifest: dict[str, Any],
) -> NightContext:
    """Context of a published night, as its manifest names models and the night before."""

    def released(name: str, version: str) -> Released:
        return load(models_folder, name, version)

    return identified(
        NightContext(
            lake=lake,
            date=night,
            policy=policy,
            previous_run=manifest["before"],
            champions={n: released(n, m["version"]) for n, m in manifest["models"].items()},
            challengers={n: released(n, v) for n, v in manifest.get("challengers", {}).items()},
        ),
        models_folder,
    )


def identified(context: NightContext, models_folder: Path | None) -> NightContext:
    """Complete a context with its inputs' digests, the replaced ranker and the run id."""
    previous, files = context.previous, delivered_files(context.lake, context.as_of)
    complete = replace(
        context,
        previous_sha256=None if previous is None else previous.reproducible_sha256,
        replaced_ranker=replaced_ranker(previous, models_folder, context.champions),
        delivered=files,
        data_sha256=input_digest(files),
        human_decisions=decisions_digest(context.lake, context.as_of, context.policy.floors.days),
    )
    return replace(complete, run_id=run_id_of(identity_of(complete)))


def identity_of(context: NightContext) -> dict[str, Any]:
    """All that decides the bytes of a night, as its manifest keeps it; its digest is the run id."""
    ranker = context.replaced_ranker
    shares = load_share_prior()
    return {
        "date": context.date.isoformat(),
        "data": context.data_sha256,
        "models": {n: m.version for n, m in sorted(context.champions.items())},
        "policy": context.policy.sha256,
        "catalogue": catalogue.digest(),
        "code": sources_digest(),
        "before": context.previous_run,
        "before_manifest": context.previous_sha256,
        "people": context.human_decisions,
        "old": ranker.version if ranker else None,
        "challengers": {n: m.version for n, m in sorted(context.challengers.items())},
        "shares": shares.version if shares else None,
    }


def manifest_of(context: NightContext) -> dict[str, Any]:
    """The sources of a score: releases with their training runs, policy, data and code."""
    traced = ("version", "run_id", "revision", "data_sha256", "until")
    return {
        "run_id": context.run_id,
        "identity": identity_of(context),
        "models": {
            n: {k: m.manifest.get(k) for k in traced} for n, m in sorted(context.champions.items())
        },
        "policy": {"version": context.policy.version, "sha256": context.policy.sha256},
        "data_sha256": context.data_sha256,
        "delivered": context.delivered,
        "catalogue_sha256": catalogue.digest(),
        "code": {"revision": revision(), "sha256": sources_digest()},
        "before": context.previous_run,
        "challengers": {n: m.version for n, m in sorted(context.challengers.items())},
    }
