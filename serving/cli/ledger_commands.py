"""Commands on the ledger: verify it, open, decide and list appeals."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from serving.cli.console import (
    By,
    Json,
    LakeArgument,
    Models,
    night_named,
    now,
    out,
    print_json,
    show_rows,
)

if TYPE_CHECKING:
    from data_contracts.lake import Lake
    from serving.ledger.signatures import Trust
    from serving.ledger.verification import Finding

journal = typer.Typer(
    no_args_is_help=True, help="The hash-chained ledger of decisions.", rich_markup_mode=None
)
appeal = typer.Typer(no_args_is_help=True, help="Appeals against decisions.", rich_markup_mode=None)
Keys = Annotated[
    list[Path] | None,
    typer.Option(
        "--key",
        help="File of a public key that is trusted, may be repeated; this user's when not named.",
    ),
]
Witnesses = Annotated[
    list[Path] | None,
    typer.Option("--witness", help="File of a witness in another place; may be repeated."),
]


@journal.command("verify")
def verify(
    lake: LakeArgument,
    models: Models = None,
    key: Keys = None,
    witness: Witnesses = None,
    as_json: Json = False,
) -> None:
    """Check that nothing in the ledger was edited, removed, moved, doubled, left out or cut off.

    The chains, the published files and the signed checkpoints are compared. With --witness,
    checkpoints that were kept in another place are compared too; with --models, the heads that
    MLflow keeps. Exit code 1 when anything is wrong, 2 for a folder that is no lake.

    Example: steelyard journal verify lake
    """
    from data_contracts.lake import Lake
    from serving.ledger.signatures import Trust

    opened = Lake.open(lake)
    found = _findings(opened, models, Trust.of_user(key or (), witness or ()))
    if as_json or found:
        show_rows([asdict(f) for f in found], as_json, "Findings")
    if found:
        raise typer.Exit(1)
    if not as_json:
        out.print("The ledger is intact.")
        for words in _notes(opened, bool(witness)):
            out.print(words, soft_wrap=True, highlight=False)


@journal.command("witness")
def witness(
    lake: LakeArgument,
    path: Annotated[Path, typer.Argument(help="File in another place.", metavar="FILE")],
    as_json: Json = False,
) -> None:
    """Sign the ledger as it is now and append its checkpoints to a witness.

    STEELYARD_WITNESS names files that each night and each service write to by themselves.

    Example: steelyard journal witness lake /mnt/elsewhere/witness.jsonl
    """
    from data_contracts.lake import Lake
    from serving.ledger.checkpoints import copy_to_witness, sign_night
    from serving.ledger.ledger_key import open_ledger_key

    opened = Lake.open(lake)
    sign_night(opened, open_ledger_key(opened))
    paths = (opened.decision_checkpoints, opened.answer_checkpoints)
    copied = sum(copy_to_witness(p, path) for p in paths)
    if as_json:
        print_json({"appended": copied, "witness": str(path)})
    else:
        out.print(f"{copied} checkpoints were appended to {path}", soft_wrap=True, highlight=False)


def _findings(lake: Lake, models: Path | None, trust: Trust) -> list[Finding]:
    """Everything that is wrong with a ledger: chains, files, signatures, heads kept elsewhere."""
    from serving.ledger.decisions import recorded_heads
    from serving.ledger.signatures import verify_signatures
    from serving.ledger.verification import Finding, require_lake, verify_chains, verify_decisions

    require_lake(lake)
    found = verify_decisions(lake) + verify_chains(lake) + verify_signatures(lake, trust)
    if models is not None and not found:
        from training.release.tracking import checkpoints

        heads = recorded_heads(lake)
        found += [
            Finding("heads.jsonl", 1, f"the head of {night} is not the one that MLflow keeps")
            for night, head in sorted(checkpoints(models).items())
            if heads.get(night) != head
        ]
    return found


def _notes(lake: Lake, witnessed: bool) -> list[str]:
    """What an intact ledger does not show by itself."""
    from data_contracts.storage.torn_tail import tails_set_aside
    from serving.ledger.decisions import recorded_heads

    chained = [lake.answers, *sorted(lake.journal.glob("*.jsonl"))]
    torn = [lake.relative(p) for path in chained for p in tails_set_aside(path)]
    notes = [f"Torn tails set aside, never acknowledged: {', '.join(torn)}"] if torn else []
    if not recorded_heads(lake):
        notes.append("No night is recorded in it.")
    if not witnessed:
        notes.append("No witness was compared: --witness names one in another place.")
    return notes


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
    from serving.oversight.appeals import BadAppeal, open_appeal
    from serving.oversight.measures.measure_appeals import open_measure_appeal
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
