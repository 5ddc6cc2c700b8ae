"""Commands on the ledger: verify it, open, decide and list appeals."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from serving.cli.console import By, Json, LakeArgument, Models, night_named, now, out, show_rows

if TYPE_CHECKING:
    from data_contracts.lake import Lake

journal = typer.Typer(
    no_args_is_help=True, help="The hash-chained ledger of decisions.", rich_markup_mode=None
)
appeal = typer.Typer(no_args_is_help=True, help="Appeals against decisions.", rich_markup_mode=None)
CHECKED_WITH_PUBLISHED_FILES = ("decisions.jsonl", "heads.jsonl")


@journal.command("verify")
def verify(lake: LakeArgument, models: Models = None, as_json: Json = False) -> None:
    """Check that no decision and no published file was edited, removed, moved or cut off.

    With --models, the heads that MLflow keeps are compared too. Exit code 1 when anything is wrong.

    Example: steelyard journal verify lake
    """
    from data_contracts.lake import Lake

    found = _findings(Lake.open(lake), models)
    if as_json or found:
        show_rows([asdict(f) for f in found], as_json, "Findings")
    if found:
        raise typer.Exit(1)
    if not as_json:
        out.print("The ledger is intact.")


def _findings(lake: Lake, models: Path | None) -> list[Any]:
    """Everything that is wrong with the ledger of a lake: chains, published files, kept heads."""
    from serving.ledger.decisions import recorded_heads
    from serving.ledger.hash_chain import first_broken_line
    from serving.ledger.verification import Finding, verify_decisions

    found = verify_decisions(lake)
    for path in [lake.answers, *sorted(lake.journal.glob("*.jsonl"))]:
        if path.name in CHECKED_WITH_PUBLISHED_FILES:
            continue
        broken = first_broken_line(path) if path.exists() else None
        if broken is not None:
            name = lake.relative(path)
            found.append(Finding(name, broken, "does not follow from the line before"))
    if models is not None:
        from training.release.tracking import checkpoints

        heads = recorded_heads(lake)
        found += [
            Finding("heads.jsonl", 1, f"the head of {night} is not the one that MLflow keeps")
            for night, head in sorted(checkpoints(models).items())
            if heads.get(night) != head
        ]
    return found


@appeal.command("open")
def open_(
    lake: LakeArgument,
    ground: Annotated[str, typer.Option(help="Why the decision is wrong.")],
    by: By,
    operator: Annotated[
        str | None, typer.Option(help="Operator whose decision of a night is appealed.")
    ] = None,
    measure: Annotated[
        str | None, typer.Option(help="Id of the measure that is appealed instead.")
    ] = None,
    date_: Annotated[
        str | None, typer.Option("--date", help="Night of the decision; the latest when not named.")
    ] = None,
    as_json: Json = False,
) -> None:
    """Open an appeal against a measure or a night's decision. The policy says when it is due.

    Example: steelyard appeal open lake --measure $MEASURE --ground "celebrity visit" --by shop

    Example: steelyard appeal open lake --operator $OPERATOR --ground "celebrity visit" --by shop
    """
    from serving.oversight.appeals import BadAppeal, open_appeal, open_measure_appeal
    from serving.policy.load import load_policy

    if (operator is None) == (measure is None):
        raise BadAppeal("an appeal names either --measure or --operator")
    if measure is not None:
        made = open_measure_appeal(lake, measure, ground, by, now(), load_policy())
    else:
        night = night_named(date_)
        made = open_appeal(lake, str(operator), night, ground, by, now(), load_policy())
    show_rows([asdict(made)], as_json)


@appeal.command("decide")
def decide(
    lake: LakeArgument,
    appeal_id: Annotated[str, typer.Argument(help="Id of the appeal.")],
    verdict: Annotated[str, typer.Option(help="error (a false accusation), upheld, or miss.")],
    reason: Annotated[str, typer.Option(help="Reason, in words.")],
    by: By,
    session: Annotated[
        list[str] | None, typer.Option(help="Session that the verdict is about; may be repeated.")
    ] = None,
    order: Annotated[
        list[str] | None, typer.Option(help="Order that the verdict is about; may be repeated.")
    ] = None,
    as_json: Json = False,
) -> None:
    """Decide an appeal that another person opened. Verdicts become outcomes for training.

    Example: steelyard appeal decide lake $APPEAL --verdict error --reason "raid" --by reviewer-2
    """
    from serving.oversight.appeals import decide_appeal

    about = [("session", s) for s in session or []] + [("order", o) for o in order or []]
    show_rows([asdict(decide_appeal(lake, appeal_id, verdict, by, reason, now(), about))], as_json)


@appeal.command("list")
def list_(lake: LakeArgument, as_json: Json = False) -> None:
    """List appeals with their due dates, verdicts, and whether the date was missed.

    Example: steelyard appeal list lake --json
    """
    from serving.oversight.appeals import list_appeals

    show_rows([asdict(a) for a in list_appeals(lake, now())], as_json, "Appeals")
    if not as_json:
        out.print(f"Open one: steelyard appeal open {lake} --operator ID --ground WHY --by WHO")
