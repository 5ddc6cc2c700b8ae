"""Files of a prior: LightGBM's text and JSON with digests, under one manifest."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Any

from training.estimator.calibration import Calibration
from training.estimator.combination import Combination
from training.estimator.prior import FORMAT, MANIFEST, identity_of


def write_priors(
    folder: Path,
    learned: dict[str, tuple[Combination, Calibration]],
    said: dict[str, dict[str, Any]],
) -> None:
    """Write priors as text, with digests and versions.

    Parameters
    ----------
    folder
        Folder of the released prior; its files are replaced.
    learned
        Combination, of one stage, and calibration of each model.
    said
        What else the manifest says of each model, such as families and figures.
    """
    folder.mkdir(parents=True, exist_ok=True)
    models: dict[str, dict[str, Any]] = {}
    whole: dict[str, Any] = {"format": FORMAT, "models": models}
    for name, (combination, calibration) in sorted(learned.items()):
        stage, files = combination.stages[0], {}
        for typology, booster in zip(combination.typologies, stage.boosters, strict=True):
            text = booster.model_to_string()
            (folder / f"{name}.{typology}.txt").write_text(text, "utf-8")
            files[f"{name}.{typology}.txt"] = hashlib.sha256(text.encode()).hexdigest()
        reference = None
        if combination.reference is not None:
            reference = f"{name}.reference.json"
            text = json.dumps(combination.reference.as_json(), sort_keys=True) + "\n"
            (folder / reference).write_text(text, "utf-8")
            files[reference] = hashlib.sha256(text.encode()).hexdigest()
        body = {
            "signals": combination.columns,
            "typologies": list(combination.typologies),
            "size_signals": list(combination.size_signals),
            "offset": list(stage.offset),
            "calibration": {"raw": calibration.raw, "probability": calibration.probability},
            "files": files,
            "reference": reference,
        }
        models[name] = body | said[name] | {"version": identity_of(body)}
    (folder / MANIFEST).write_text(json.dumps(whole, indent=1, sort_keys=True) + "\n", "utf-8")
    for path in (*folder.glob("*.txt"), *folder.glob("*.reference.json")):
        if not any(path.name in one["files"] for one in models.values()):
            path.unlink()
