"""The model card, generated from a fitted model."""

from __future__ import annotations

from typing import Any

from training.declaration import Model
from training.fitting.fit import Fitted


def declared(model: Model) -> list[str]:
    """Lines of a card that follow from the declaration; a card without them is stale."""
    return [
        f"**Question.** {model.question}",
        f"**Known limits.** {model.known_limits}",
        f"**Signals.** {', '.join(f'`{name}`' for name in model.columns)}.",
    ]


def _inputs(fitted: Fitted) -> list[str]:
    """Paragraph on what the trees read, and on what they begin from."""
    trees = fitted.trees
    sizes = " or ".join(f"`{name}`" for name in trees.size_signals)
    words = [
        "of each signal its rank and its deviation among peers"
        + (f" of a like size by {sizes}" if sizes else "")
        + ", and its change from the operator's own level; summaries of sparse evidence"
    ]
    if len(trees.typologies) > 1:
        words.append(f"one ensemble for each of {len(trees.typologies)} typologies")
    prior = fitted.prior_version
    words.append(f"begins from `{prior}`" if prior else "begins from no prior")
    return [f"**Inputs.** {'; '.join(words)}.", ""]


def _overturned(lineage: dict[str, Any]) -> list[str]:
    """Paragraph on the accusations that appeals overturned; none where there are none."""
    accusations, reasons = lineage.get("overturned", (0, {}))
    if not accusations:
        return []
    by_count = sorted(reasons.items(), key=lambda kv: (-kv[1], kv[0]))
    words = ", ".join(f"`{name}` {count}" for name, count in by_count)
    return [
        f"**Overturned on appeal.** {accusations} accusations. Reasons that failed: {words}.",
        "",
    ]


def card(fitted: Fitted, lineage: dict[str, Any]) -> str:
    """Model card in Markdown, with the sections of Mitchell et al. (FAT* 2019).

    Parameters
    ----------
    fitted
        The fitted model.
    lineage
        run_id, revision, catalogue_sha256, data_sha256, until, the gain of each signal, and
        `overturned` (`failed_reasons`).
    """
    m, c = fitted.model, fitted.counts
    question, known_limits, signals = declared(m)
    rows = []
    for name in ("model", "no_graph", "rules_only"):
        ap, auc = (
            fitted.figures.get(f"average_precision_{name}"),
            fitted.figures.get(f"auroc_{name}"),
        )
        rows.append(f"| {name.replace('_', ' ')} | {ap or 'unknown'} | {auc or 'unknown'} |")
    gain = sorted(lineage["gain"].items(), key=lambda kv: -kv[1])[:12]
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
            *_inputs(fitted),
            f"**Labels.** {c['rows']:.0f} rows with a matured verdict, "
            f"{c['confirmed']:.0f} of them confirmed, {c['audited']:.0f} from the random audit, "
            f"{c['groups']:.0f} groups. Rows "
            f"are weighted to the audited prevalence of {c['audited_prevalence']:.3f}. "
            "Verdicts only, never planted truth of this platform.",
            "",
            *_overturned(lineage),
            "**Evaluation.** Forward in time with a gap of two days, each group on one side: "
            f"{c['test_rows']:.0f} test rows, {c['test_confirmed']:.0f} confirmed. "
            "90 % bootstrap intervals over groups.",
            "",
            "| scorer | average precision | AUROC |",
            "|---|---|---|",
            *rows,
            "",
            "**Calibration.** Isotonic on out-of-fold scores, weighted to the audited prevalence. "
            f"The ECE on the same scores is {fitted.ece:.3f}, which is optimistic.",
            "",
            "**Largest inputs** (share of gain): "
            + ", ".join(f"`{k}` {v:.0%}" for k, v in gain if v > 0)
            + ".",
            "",
            f"**Lineage.** Run `{lineage['run_id']}`, code `{lineage['revision']}`, "
            f"catalogue `{lineage['catalogue_sha256'][:12]}`, "
            f"data `{lineage['data_sha256'][:12]}`, known until {lineage['until']}.",
            "",
        ]
    )
