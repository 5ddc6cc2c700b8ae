"""Priors learned without a family: what the product would ship had it never met it.

Families of one simulator are left out together. The calibration of a family reads scores of the
others only, each by trees that did not see its own family.
"""

from __future__ import annotations

import shutil
import time
from collections.abc import Iterable, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd

from benchmarks.generalisation.learn_prior import progress
from benchmarks.generalisation.learning.left_out_shares import Group, shares_without
from benchmarks.generalisation.worlds import TEACHING_SEEDS, frames, teaching
from benchmarks.harness.worlds import OUTPUT_FOLDER
from features.catalogue import digest
from features.declaration import ACCOUNT, OPERATOR, ORDER, SESSION, VIEW
from training.dataset.sampling import sample_by_hash
from training.declaration import Model
from training.estimator.calibration import isotonic
from training.estimator.combination import any_ensemble
from training.estimator.share_prior import FOLDER as SHARES_FOLDER
from training.estimator.share_prior import write_share_prior
from training.models.registry import BY_NAME
from training.prior.examples import examples_of
from training.prior.learn import Learned, any_target, fit_combination, scores_of
from training.prior.prior_files import write_priors
from training.prior.reference import reference_of, references_without
from training.prior.world_frames import WorldFrame

GROUP_SIZE = 1  # families that are left out at once; 2 takes half as long, and teaches less
SIBLINGS = ("honest_town", "half_rotten")  # written by one simulator
MAX_ROWS_PER_WORLD = {ORDER: 3000, VIEW: 1000}  # keeps the page below half an hour

OWNERS = (SESSION, ORDER, OPERATOR)  # kinds that speak of operators, and operators


def folder_without(family: str) -> Path:
    """Folder of the priors that were learned without a family."""
    return OUTPUT_FOLDER / "left_out" / family


def groups_of(families: Iterable[str]) -> list[Group]:
    """Families that are left out together."""
    known = list(families)
    alone = [name for name in known if name not in SIBLINGS]
    groups = [tuple(alone[i : i + GROUP_SIZE]) for i in range(0, len(alone), GROUP_SIZE)]
    together = tuple(name for name in known if name in SIBLINGS)
    return [*groups, *([together] if together else [])]


def thinned(frame: WorldFrame) -> WorldFrame:
    """At most `MAX_ROWS_PER_WORLD` entities of a frame."""
    most = MAX_ROWS_PER_WORLD.get(frame.entity, len(frame.signals))
    if len(frame.signals) <= most:
        return frame
    rows = frame.signals.index.isin(sample_by_hash(set(frame.signals.index), most))
    return replace(
        frame,
        signals=frame.signals[rows],
        owner=None if frame.owner is None else frame.owner[rows],
        targets=frame.targets[rows],
        shares=frame.shares[rows],
        scheme=frame.scheme[rows],
    )


def learn_without(
    given: Sequence[WorldFrame], model: Model, families: Iterable[str] = ()
) -> dict[Group, Learned]:
    """The prior of a model without each group of families.

    `families` are those that are judged; some of them teach this model nothing.
    """
    mine = [thinned(f) for f in given]
    read = model.columns, model.size_signals
    references = references_without(mine, *read)
    examples = examples_of(mine, *read, owned=not model.live, references=references)
    groups = groups_of(sorted({f.family for f in mine} | set(families)))
    trees, scores, z = {}, [], np.full(examples.targets.shape, np.nan)
    for group in groups:
        start, out = time.monotonic(), np.isin(examples.family, group)
        rest, taught = examples.of(~out), [f for f in mine if f.family not in group]
        reference = reference_of(taught, *read) if references else None
        trees[group] = fit_combination(
            rest, model.columns, model.entity, model.size_signals, reference
        )
        if out.any():
            z[out] = trees[group].stages[0].log_odds(examples.inputs[out])
        if model.entity in OWNERS:
            scores += [scores_of(trees[group], f) for f in mine if f.family in group]
        progress(f"{model.name} without {', '.join(group)}: {time.monotonic() - start:.0f} s")
    raw, truth = any_ensemble(z), any_target(examples.targets)
    known, found = np.isfinite(truth) & np.isfinite(raw), {}
    seen = pd.concat(scores, ignore_index=True) if scores else pd.DataFrame({"family": []})
    for group in groups:
        rows = known & ~np.isin(examples.family, group)
        fitted = isotonic(raw[rows], truth[rows], examples.weight[rows])
        theirs = seen[~seen["family"].isin(group)].reset_index(drop=True)
        others = {"raw": raw[rows], "truth": truth[rows]} | {
            name: getattr(examples, name)[rows]
            for name in ("weight", "family", "world", "entity", "complete")
        }
        found[group] = Learned(trees[group], fitted, others, theirs)
    return found


def write_left_out_priors(
    given: Sequence[WorldFrame], models: Sequence[Model] = tuple(BY_NAME.values())
) -> None:
    """Learn the priors without each family, and write them as the product ships its own.

    Running sessions and accounts are not judged, so that their models are left out.
    """
    shutil.rmtree(OUTPUT_FOLDER / "left_out", ignore_errors=True)
    by_group: dict[Group, dict[str, Learned]] = {}
    families = {f.family for f in given}
    for model in models:
        mine = teaching(given, model.entity)
        if model.live or model.entity == ACCOUNT or len({f.family for f in mine}) < 2:
            continue
        for group, learned in learn_without(mine, model, families).items():
            by_group.setdefault(group, {})[model.name] = learned
    shares = shares_without(given, by_group)
    for group, found in by_group.items():
        taught = {"families": sorted(families - set(group)), "catalogue_sha256": digest()}
        said = dict.fromkeys(found, taught)
        written = {m: (one.combination, one.calibration) for m, one in found.items()}
        for family in group:
            write_priors(folder_without(family), written, said)
            if group in shares:
                write_share_prior(folder_without(family) / SHARES_FOLDER.name, shares[group])


def main() -> None:
    """Learn and write the priors without each family."""
    write_left_out_priors(frames(TEACHING_SEEDS))


if __name__ == "__main__":
    main()
