"""The model card, generated from what was fitted."""

from __future__ import annotations

from typing import Any

import numpy as np

from training.declaration import Model
from training.estimator.ensemble import sigmoid
from training.fitting import Fitted


def declared(model: Model) -> list[str]:
    """Lines of a card that follow from the model's declaration: a card without them is stale."""
    return [
        f"**Question.** {model.question}",
        f"**Known limits.** {model.known_limits}",
        f"**Signals.** {', '.join(f'`{name}`' for name in model.columns)}.",
    ]


def _built(fitted: Fitted) -> list[str]:
    """Paragraph on what the trees read beside the signals, where they do."""
    peers, classes = fitted.trees.peers, fitted.trees.booster.num_model_per_iteration() - 1
    words = []
    if peers is not None:
        among = (
            f"{len(peers.stratum_edges) + 1} strata of peers by `{peers.size_signal}`"
            if peers.size_signal
            else "those of the same night"
        )
        words.append(f"how far each signal lies from {among}, and how far all do together")
    if classes > 1:
        words.append(f"{classes} typologies learnt apart, any of which may find an entity")
    if fitted.trees.rare:
        words.append(
            f"{fitted.trees.rare:g} is added to its log-odds for each point by which the rarest signal of a fact is rare among the night's"
        )
    if fitted.trees.doubt is not None:
        words.append(
            f"its trees leave a probability of {float(sigmoid(np.array(fitted.trees.doubt))):.2f} of each typology before calibration, for schemes that no verdict showed them"
        )
    return [f"**Beside the signals.** {'; '.join(words)}.", ""] if words else []


def card(fitted: Fitted, lineage: dict[str, Any]) -> str:
    """Model card in Markdown (sections after Mitchell et al., FAT* 2019)."""
    m, c = fitted.model, fitted.counts
    question, known_limits, signals = declared(m)
    rows = []
    for name in ("model", "no_graph", "rules_only"):
        ap, auc = (
            fitted.figures.get(f"average_precision_{name}"),
            fitted.figures.get(f"auroc_{name}"),
        )
        rows.append(
            f"| {name.replace('_', ' ')} | {ap if ap else 'unknown'} | {auc if auc else 'unknown'} |"
        )
    gain = sorted(lineage["gain"].items(), key=lambda kv: -kv[1])[:12]
    contradicted = (
        f" {c['contradicted']:.0f} that trees of other groups contradict are not learnt from."
        if m.pruned
        else ""
    )
    unjudged = (
        f" {c['unjudged']:.0f} rows that nobody judged are learnt from as well, as `{m.teacher}` holds of them; not for the evaluation below."
        if c["unjudged"]
        else ""
    )
    return "\n".join(
        [
            f"# {m.name}",
            "",
            question,
            "",
            "**Use.** Supervision tiers and the boost gate, with reasons; never alone for a block.",
            "",
            known_limits,
            "",
            signals,
            "",
            *_built(fitted),
            f"**Labels.** {c['rows']:.0f} rows with a matured verdict, {c['confirmed']:.0f} of them confirmed, {c['audited']:.0f} from the "
            f"random audit (audited prevalence {c['audited_prevalence']:.3f}, to which the rows are weighted), {c['groups']:.0f} groups. "
            "Verdicts only, never planted truth." + contradicted + unjudged,
            "",
            f"**Evaluation.** Forward in time with a gap of two days, groups on one side: {c['test_rows']:.0f} test rows, "
            f"{c['test_confirmed']:.0f} confirmed. 90 % bootstrap intervals over groups.",
            "",
            "| scorer | average precision | AUROC |",
            "|---|---|---|",
            *rows,
            "",
            f"**Calibration.** Isotonic on out-of-fold scores, weighted to the audited prevalence; ECE on the same scores {fitted.ece:.3f} "
            "(optimistic: judged where it was fitted).",
            "",
            "**What moves it most** (share of gain): "
            + ", ".join(f"`{k}` {v:.0%}" for k, v in gain if v > 0)
            + ".",
            "",
            f"**Lineage.** run `{lineage['run_id']}`, code `{lineage['revision']}`, catalogue `{lineage['catalogue_sha256'][:12]}`, "
            f"data `{lineage['data_sha256'][:12]}`, known until {lineage['until']}.",
            "",
        ]
    )
