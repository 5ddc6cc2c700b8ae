"""Commands on models: train and promote."""

from __future__ import annotations

import sys
from dataclasses import asdict
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from data_contracts.errors import LakeProblem
from serving.cli.console import (
    Json,
    LakeArgument,
    SignedBy,
    Steps,
    day,
    finite,
    now,
    out,
    show_rows,
)

if TYPE_CHECKING:
    from data_contracts.lake import Lake
    from serving.policy.schema import Policy
    from training.promote import Promotion

FIGURES = {  # column of the table → figure of a training run
    "average_precision": "average_precision_model",
    "without_graph": "average_precision_no_graph",
    "rules_only": "average_precision_rules_only",
}
EXIT_NOT_PROMOTED = 14


def moment_known(lake: Lake, text: str | None, option: str) -> datetime:
    """The start of the date that an option names, else of the day after the newest receipt."""
    from serving.nightly.delivery import newest_receipt

    return (
        datetime.combine(day(text, option), datetime.min.time()) if text else newest_receipt(lake)
    )


def train(
    lake: LakeArgument,
    models: Annotated[
        Path,
        typer.Option(
            help="Folder for released models and the MLflow store.", envvar="STEELYARD_MODELS"
        ),
    ] = Path("models"),
    until: Annotated[
        str | None,
        typer.Option(
            help="Train on rows received before this date; "
            "the day after the newest receipt when not named."
        ),
    ] = None,
    model: Annotated[
        list[str] | None, typer.Option(help="Only this model; may be repeated.")
    ] = None,
    as_json: Json = False,
) -> None:
    """Train models on the matured outcomes of a lake, log them with MLflow and release them.

    A release is a challenger until it is promoted. Before that the shipped prior is in service.
    A model that the lake does not allow is left out with the reason, and the prior scores for it.

    Example: steelyard train lake --models models --until 2026-02-01
    """
    from data_contracts.lake import Lake
    from training.models.registry import BY_NAME
    from training.train import LeftOut
    from training.train import train as train_models

    if unknown := set(model or []) - set(BY_NAME):
        raise LakeProblem(f"no model is called {sorted(unknown)}. Models: {', '.join(BY_NAME)}")
    opened = Lake.open(lake)
    moment = moment_known(opened, until, "--until")
    left_out: list[LeftOut] = []
    with Steps("training") as say:
        done = train_models(opened, models, moment, model, progress=say, leave_out=left_out.append)
    rows = [
        {
            "model": t.name,
            "verdicts": int(t.fitted.counts["rows"]),
            **{k: str(t.fitted.figures.get(f, "unknown")) for k, f in FIGURES.items()},
            "champion": t.champion,
            "version": t.version,
            "run": t.run_id,
        }
        for t in done
    ]
    if as_json:
        rows += [{"model": m.name, "left_out": m.why} for m in left_out]
    show_rows(rows, as_json, "Average precision forward in time, groups kept apart (90 % interval)")
    if not as_json:
        for m in left_out:
            out.print(f"Left out, {m.why}", soft_wrap=True, highlight=False, markup=False)
        out.print(f"Released in {models}; a model card lies in the folder of each model.")
        if waiting := [t.name for t in done if not t.champion]:
            out.print(
                f"Waiting for promotion: {', '.join(waiting)}. "
                f"Judge one with: steelyard promote {lake} --models {models} --model {waiting[0]}"
            )


def promote(
    lake: LakeArgument,
    models: Annotated[
        Path, typer.Option(help="Folder of released models.", envvar="STEELYARD_MODELS")
    ],
    model: Annotated[str, typer.Option(help="Model whose challenger is to take over.")],
    at: Annotated[str | None, typer.Option(help="Judge on rows received before this date.")] = None,
    override: Annotated[
        str | None, typer.Option(help="Reason to let rows pass that are not judged; needs --by.")
    ] = None,
    by: SignedBy = None,
    as_json: Json = False,
) -> None:
    """Make a challenger the champion when matured verdicts and the random audit show it is better.

    It must be better overall and worse in no group. Otherwise the command names the row that
    failed and ends with exit code 14. A row with too few verdicts is not judged and needs
    --override by an approver, whose key signs it. Each promotion is kept in the record of the lake
    and in MODELS/promotions.jsonl, as hash chains.

    Example: steelyard promote lake --models models --model session_inflation
    """
    from data_contracts.lake import Lake
    from serving.oversight.people.promotion_record import record_promotion, require_approver
    from serving.oversight.people.signers import open_author
    from serving.oversight.policies.policy_record import policy_in_force
    from training.evaluation.attack_cost import AttackPrices
    from training.evaluation.comparison import PromotionCriteria
    from training.promote import Override
    from training.promote import promote as promote_challenger
    from training.release.tracking import promoted

    policy = policy_in_force(lake, now().date())
    p = policy.promotion
    opened = Lake.open(lake)
    moment = moment_known(opened, at, "--at")
    prices = AttackPrices(p.viewer_hour_price, p.like_price, p.order_price)
    bounds = (p.gain, p.worst_loss, p.group_loss, p.least_rows)
    criteria = PromotionCriteria(*bounds, prices, p.flag_probability)
    author = None if override is None else open_author(opened, by)
    given = None
    if author is not None and override is not None:
        given = Override(require_approver(opened, author), override)
    with Steps(f"judging {model}"):
        done = promote_challenger(opened, models, model, moment, criteria, given)
    rows = [asdict(r) for r in done.rows]
    show_rows(rows, as_json, f"{model}: {done.former} against {done.version}")
    if done.obstacle is not None:
        row = done.obstacle
        mend = (
            "" if not row.is_open else ". Wait for verdicts, or name --override REASON --by PERSON"
        )
        sys.stderr.write(
            f"steelyard: {model} {done.version} is not promoted: {row.what}: {row.why}{mend}\n"
        )
        raise typer.Exit(EXIT_NOT_PROMOTED)
    record = promotion_record(done, policy, moment)
    record_promotion(opened, models, record, None if done.override is None else author)
    promoted(models, model, done.version)
    if not as_json:
        out.print(f"{model} {done.version} is champion now.")


def promotion_record(done: Promotion, policy: Policy, moment: datetime) -> dict[str, Any]:
    """The line of a promotion: who replaced whom, every row, and the override if one was needed."""
    return {
        "model": done.name,
        "version": done.version,
        "former": done.former,
        "rows": finite([asdict(r) for r in done.rows]),
        "override": None if done.override is None else asdict(done.override),
        "policy_version": policy.version,
        "policy_sha256": policy.sha256,
        "judged_until": moment.isoformat(),
        "at": now().isoformat(timespec="seconds"),
    }
