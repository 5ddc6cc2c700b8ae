"""Learn the prior on all families, and release it with the package: `make prior`."""

from __future__ import annotations

import sys
import time
from collections.abc import Sequence
from typing import Any

from sklearn.metrics import average_precision_score

from benchmarks.generalisation.learn_shares import learn_share_prior
from benchmarks.generalisation.worlds import TEACHING_SEEDS, frames
from features.catalogue import digest
from training.declaration import Model
from training.estimator.calibration import expected_calibration_error
from training.estimator.prior import FOLDER, write_priors
from training.estimator.share_prior import FOLDER as SHARES_FOLDER
from training.estimator.share_prior import write_share_prior
from training.models.registry import BY_NAME
from training.prior.learn import Learned, learn
from training.prior.operators import learn_entity_evidence
from training.prior.world_frames import WorldFrame


def learn_models(given: Sequence[WorldFrame], models: Sequence[Model]) -> dict[str, Learned]:
    """The prior of each model that the frames show."""
    out = {}
    for model in models:
        mine = [f for f in given if f.entity == model.entity]
        if len({f.family for f in mine}) > 1:
            start = time.monotonic()
            out[model.name] = learn(mine, model.columns, model.size_signals, model.live)
            progress(f"{model.name}: {len(mine)} worlds, {time.monotonic() - start:.0f} s")
    return out


def progress(text: str) -> None:
    """Say what is being done."""
    sys.stderr.write(f"{text}\n")


def figures(learned: Learned) -> dict[str, float]:
    """Average precision, and calibration error, on families left out in folds."""
    rows = learned.left_out
    whole = rows["complete"].astype(bool)
    probability = learned.calibration(rows["raw"])
    return {
        "average_precision": float(
            average_precision_score(rows["truth"][whole], rows["raw"][whole])
        ),
        "calibration_error": expected_calibration_error(probability, rows["truth"], rows["weight"]),
    }


def main() -> None:
    """Learn all models of the prior, and write them."""
    given = frames(TEACHING_SEEDS)
    learned = learn_models(given, list(BY_NAME.values()))
    families = sorted({f.family for f in given})
    said: dict[str, dict[str, Any]] = {}
    for name, one in learned.items():
        mine = [f for f in given if f.entity == BY_NAME[name].entity]
        said[name] = {
            "families": sorted({f.family for f in mine}),
            "worlds": sorted({f.world for f in mine}),
            "rows": len(one.left_out["raw"]),
            "figures": {k: round(v, 4) for k, v in figures(one).items()},
            "catalogue_sha256": digest(),
        }
        progress(f"{name}: {said[name]['figures']}")
    evidence = learn_entity_evidence(learned)
    if evidence is not None:
        said["entity_evidence"] = {"figures": {k: round(v, 4) for k, v in evidence.figures.items()}}
        progress(f"entity evidence: {evidence.figures}")
    write_priors(
        FOLDER,
        {n: (one.combination, one.calibration) for n, one in learned.items()},
        said,
        None if evidence is None else evidence.booster,
    )
    shares = learn_share_prior(given, learned)
    if shares is not None:
        write_share_prior(SHARES_FOLDER, shares)
        progress(f"shares: {shares.said['figures']}")
    progress(f"{len(families)} families, written to {FOLDER}")


if __name__ == "__main__":
    main()
