"""The batch run of a night: score, correct, decide, publish. Idempotent, locked, atomic."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path

from threadpoolctl import threadpool_limits

from data_contracts import runs
from data_contracts.errors import LakeProblem
from data_contracts.lake import Lake, LakeOrFolder
from data_contracts.row_checks import check_lake
from data_contracts.storage.durable_files import sync_folder, sync_tree
from data_contracts.storage.room import room_said_in_words
from data_contracts.verification.run_opening import open_run
from features.engine.snapshot import Snapshot
from serving.ledger.checkpoints import sign_night
from serving.ledger.decisions import record_night
from serving.ledger.ledger_key import LedgerKey, open_ledger_key
from serving.nightly.corrected_night import correct
from serving.nightly.decided_night import decide
from serving.nightly.delivery import refuse_short, warn_of_changes
from serving.nightly.published_night import publish
from serving.nightly.run_identity import open_context, refuse_lost_models
from serving.nightly.scored_night import score
from serving.policy.schema import Policy
from serving.scoring.night_context import NightContext, Progress, no_progress
from serving.scoring.nightly_models import require_models


@dataclass(frozen=True)
class Night:
    """A published night; `fresh` is False when it had been published before."""

    run_id: str
    folder: Path
    date: date
    fresh: bool
    counts: dict[str, int]


def nightly(
    folder: LakeOrFolder,
    night: date,
    models_folder: Path | None,
    policy: Policy,
    allow_short: bool = False,
    say: Progress = no_progress,
    without_models: bool = False,
) -> Night:
    """Score a night and publish it. Nothing is published unless all of it is.

    Parameters
    ----------
    folder
        A lake, or its folder.
    night
        Date to score.
    models_folder
        Folder of releases with a model in service; None scores by the released prior.
    policy
        The policy in force.
    allow_short
        Score a delivery that is much shorter than those before.
    say
        Called with each step.
    without_models
        Publish although own models of the last published night are missing.

    Raises
    ------
    StructuralBreak, NothingToScore, ArtefactRefused, OutputBreaksContract, LakeProblem
    """
    lake = Lake.open(folder)
    if models_folder is not None:
        require_models(models_folder)  # before anything is created
    key = open_ledger_key(lake)
    # One thread for BLAS: sums of floats have one order on any machine (ADR-0002).
    with runs.locked(lake), room_said_in_words(lake.root), threadpool_limits(1, "blas"):
        context = open_context(lake, night, models_folder, policy)
        if not without_models:
            refuse_lost_models(context)
        run_id = context.run_id
        target = lake.run(run_id)
        if runs.published_runs(lake).get(night.isoformat()) == run_id and _stands(context, say):
            record_night(lake, run_id, night, target)  # a version before may not have come so far
            sign_night(lake, key)
            return Night(run_id, target, night, False, {})
        if context.previous is not None:
            warn_of_changes(context.previous.manifest.get("delivered", {}), context.delivered)
        say("checking contracts")
        checks = check_lake(lake, context.as_of, lambda name: say(f"checking {name}"))
        if not allow_short:
            refuse_short(lake, lake.delivered(), context.as_of, policy.night)
        with _unfinished(lake, run_id) as part:
            counts = compute_night(context, part, sum(c.quarantined for c in checks), say)
            put_in_force(lake, run_id, night, part, key=key)
    return Night(run_id, target, night, True, counts)


def put_in_force(lake: Lake, run_id: str, night: date, part: Path, *, key: LedgerKey) -> None:
    """Put a complete night in force: on disk, recorded, signed, then published (ADR-0221).

    Each step may be repeated, so a night that is run again after any interruption ends the same.

    Parameters
    ----------
    lake, run_id, night
        The lake, and the run of a date.
    part
        The complete folder of the run, which gets its name here.
    key
        The key that signs the ledger.

    Raises
    ------
    OSError, LedgerDamaged
        Nothing was published.
    """
    target = lake.run(run_id)
    sync_tree(part)
    shutil.rmtree(target, ignore_errors=True)
    part.rename(target)
    sync_folder(lake.runs)
    record_night(lake, run_id, night, target, rewritten=True)
    sign_night(lake, key)
    runs.publish(lake, run_id, night)


@contextmanager
def _unfinished(lake: Lake, run_id: str) -> Iterator[Path]:
    """An empty folder for a run; what killed nights left is removed, and this one on an error."""
    for left in lake.runs.glob(lake.unfinished_run("*").name):
        shutil.rmtree(left, ignore_errors=True)
    part = lake.unfinished_run(run_id)
    part.mkdir()
    try:
        yield part
    finally:
        shutil.rmtree(part, ignore_errors=True)


def _stands(context: NightContext, say: Progress) -> bool:
    """Whether the published run of a night is whole; a damaged one is published again."""
    try:
        open_run(context.lake, context.run_id, context.date.isoformat()).verify()
    except LakeProblem as refused:
        say(f"publishing again, because {refused}")
        return False
    return True


def compute_night(
    context: NightContext, folder: Path, quarantined: int, say: Progress
) -> dict[str, int]:
    """Compute a night and write it below `folder`; returns rows by table (`publish`)."""
    with Snapshot.open(context.lake, context.as_of) as tables:
        scored = score(context, tables, say)
        say("corrected figures and tiers")
        decided = decide(context, correct(context, scored))
        return publish(context, decided, folder, quarantined, say)


def backfill(first: date, last: date) -> list[date]:
    """Dates from first to last, oldest first: a night follows the one before it."""
    return [first + timedelta(days=i) for i in range((last - first).days + 1)]
