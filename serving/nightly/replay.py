"""Replay: a published night is computed again from data, models and policy, and compared."""

from __future__ import annotations

import shutil
import tempfile
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq

from data_contracts.errors import LakeProblem
from data_contracts.lake import Lake, LakeOrFolder
from data_contracts.parquet import digest_file
from data_contracts.runs import published_run
from data_contracts.verification.published_run import PublishedRun
from serving.nightly.pipeline import compute_night
from serving.nightly.run_identity import published_context
from serving.policy.schema import Policy
from serving.scoring.night_context import Progress, no_progress
from training.release.artefact import PRIOR
from training.release.code_version import revision, sources_digest


@dataclass(frozen=True)
class Replayed:
    """Result of a replay.

    Attributes
    ----------
    run_id
        Run id that today's inputs give.
    published_run
        Run id that was published.
    differ
        Files of tables that differ.
    decisions
        Tier decisions that were compared.
    decision
        Words on one operator's decision, where one was asked about.
    """

    run_id: str
    published_run: str
    differ: list[str]
    decisions: int
    decision: str = ""

    @property
    def stands(self) -> bool:
        """Whether every table and the run id are the same."""
        return not self.differ and self.run_id == self.published_run


def replay(
    folder: LakeOrFolder,
    night: date,
    models_folder: Path | None,
    policy: Policy,
    say: Progress = no_progress,
    operator: str | None = None,
) -> Replayed:
    """Compute a published night again, in a temporary folder, and compare every table.

    Parameters
    ----------
    folder
        A lake, or its folder.
    night
        Date of a published night.
    models_folder
        Folder of the releases that scored it.
    policy
        The policy that decided it.
    say
        Called with each step.
    operator
        Operator whose decision is also compared cell by cell.

    Raises
    ------
    LakeProblem
        The night or a model version is not there, or policy or code are others.
    """
    lake = Lake.open(folder)
    published = published_run(lake, night.isoformat(), damaged=True)
    run, manifest = published.run_id, published.manifest
    _refuse_other_inputs(night, manifest, policy, models_folder)
    context = published_context(lake, night, models_folder, policy, manifest)
    with tempfile.TemporaryDirectory() as scratch:
        part = Path(scratch) / "night"
        part.mkdir()
        quarantined = int(published.rows("runs")["quarantined"].iloc[0])
        compute_night(replace(context, run_id=run), part, quarantined, say)
        tables = {p.name for p in (*published.folder.glob("*.parquet"), *part.glob("*.parquet"))}
        differ = [t for t in sorted(tables) if not _same_file(part / t, published.folder / t)]
        decisions = pq.read_metadata(part / "tier_decisions.parquet").num_rows
        words = _compare_decision(published, part, operator) if operator else ""
        shutil.rmtree(part)
    return Replayed(context.run_id, run, differ, decisions, words)


def _same_file(one: Path, other: Path) -> bool:
    """Whether both files are there with the same bytes."""
    return one.exists() and other.exists() and digest_file(one) == digest_file(other)


def _refuse_other_inputs(
    night: date, manifest: dict[str, Any], policy: Policy, models_folder: Path | None
) -> None:
    """Raise LakeProblem where policy, code or models are not those of the night."""
    decided_by = manifest["policy"]
    if decided_by["sha256"] != policy.sha256:
        raise LakeProblem(
            f"the night of {night} was decided by policy {decided_by['version']} "
            f"({decided_by['sha256'][:12]}), not by the one given ({policy.version}, "
            f"{policy.sha256[:12]}); pass the file of that day with --policy-file"
        )
    code = manifest.get("code", {"revision": "an earlier version", "sha256": ""})
    if code["sha256"] != sources_digest():
        raise LakeProblem(
            f"the night of {night} was computed by other code ({code['revision'][:12]}) than "
            f"this ({revision()[:12]}); install that revision to replay it"
        )
    versions = [str(m["version"]) for m in manifest["models"].values()]
    if models_folder is None and not all(v.startswith(PRIOR) for v in versions):
        raise LakeProblem(
            f"the night of {night} was scored by models; name their folder with --models"
        )


def _compare_decision(published: PublishedRun, computed: Path, operator: str) -> str:
    """Words on whether one operator's decision is the same in two runs, with its tier."""
    mine = [("operator_id", "==", operator)]
    was = published.table("tier_decisions", filters=mine)
    now = pq.read_table(computed / "tier_decisions.parquet", filters=mine)
    if was is None or not was.num_rows:
        raise LakeProblem(f"that night decided nothing about operator {operator}")
    same = "the same bit for bit" if was.equals(now) else "differs"
    return f"{operator} {was['tier'][0].as_py()}: {same}"
