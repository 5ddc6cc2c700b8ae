"""Learn the prior on all families, and release it with the package: `make prior`.

Models that are named are learned alone. The others, and share models, then stay as released; what is
taken from orders follows the order model.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from sklearn.metrics import average_precision_score

from benchmarks.generalisation.learning.learn_shares import learn_share_prior, left_out_orders
from benchmarks.generalisation.worlds import TEACHING_SEEDS, frames, teaching
from features.catalogue import digest
from training.declaration import Model
from training.estimator.calibration import expected_calibration_error
from training.estimator.prior import FOLDER, load_prior
from training.estimator.share_prior import FOLDER as SHARES_FOLDER
from training.estimator.share_prior import load_share_prior, write_share_prior
from training.models.order_brushing import MODEL as ORDER_MODEL
from training.models.registry import BY_NAME
from training.prior.learn import Learned, learn
from training.prior.prior_files import write_priors
from training.prior.share_models import learn_orders
from training.prior.world_frames import WorldFrame


def learn_models(given: Sequence[WorldFrame], models: Sequence[Model]) -> dict[str, Learned]:
    """The prior of each model that the frames show."""
    out = {}
    for model in models:
        mine = teaching(given, model.entity)
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


SAID = ("families", "worlds", "rows", "figures", "catalogue_sha256")


def main() -> None:
    """Learn the named models of the prior, all without a name, and write them."""
    named = sys.argv[1:] or list(BY_NAME)
    given = frames(TEACHING_SEEDS)
    learned = learn_models(given, [BY_NAME[name] for name in named])
    families = sorted({f.family for f in given})
    said: dict[str, dict[str, Any]] = {}
    written = {}
    for name in set(BY_NAME) - set(named):
        if (prior := load_prior(name)) is not None:
            written[name] = prior.combination, prior.calibration
            said[name] = {key: prior.manifest[key] for key in SAID}
    for name, one in learned.items():
        written[name] = one.combination, one.calibration
        mine = teaching(given, BY_NAME[name].entity)
        said[name] = {
            "families": sorted({f.family for f in mine}),
            "worlds": sorted({f.world for f in mine}),
            "rows": len(one.left_out["raw"]),
            "figures": {k: round(v, 4) for k, v in figures(one).items()},
            "catalogue_sha256": digest(),
        }
        progress(f"{name}: {said[name]['figures']}")
    write_priors(FOLDER, written, said)
    released = load_share_prior(SHARES_FOLDER) if len(named) < len(BY_NAME) else None
    shares = learn_share_prior(given, learned) if released is None else released
    if released is not None and ORDER_MODEL.name in learned:
        shares = replace(released, orders=learn_orders(left_out_orders(learned[ORDER_MODEL.name])))
    if shares is not None:
        write_share_prior(SHARES_FOLDER, shares)
        progress(f"shares: {shares.said['figures']}")
    progress(f"{len(families)} families, written to {FOLDER}")


if __name__ == "__main__":
    main()
