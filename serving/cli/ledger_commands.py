"""Commands on the ledger: verify it, and sign it for a witness."""

from __future__ import annotations

from dataclasses import asdict, replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from serving.cli.console import (
    Json,
    LakeArgument,
    Models,
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

    The chains, the published files and the signed checkpoints are compared: those of nights, of
    answers and of each act of a person. With --witness, checkpoints that were kept in another place
    are compared too; with --models, the heads that MLflow keeps and the promotions. Exit code 1
    when anything is wrong, 2 for a folder that is no lake.

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

    STEELYARD_WITNESS names files that each night, each service and each act of a person write to
    by themselves.

    Example: steelyard journal witness lake /mnt/elsewhere/witness.jsonl
    """
    from data_contracts.lake import Lake
    from serving.ledger.checkpoints import copy_to_witness, sign_night
    from serving.ledger.ledger_key import open_ledger_key

    opened = Lake.open(lake)
    sign_night(opened, open_ledger_key(opened))
    paths = (opened.decision_checkpoints, opened.answer_checkpoints, opened.act_checkpoints)
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
    from serving.oversight.people.promotion_record import verify_promotions
    from serving.oversight.people.roster import keys_of_people
    from serving.oversight.people.signed_acts import verify_acts

    require_lake(lake)
    trust = replace(trust, people=keys_of_people(lake))
    found = verify_decisions(lake) + verify_chains(lake) + verify_signatures(lake, trust)
    found += [] if found else verify_acts(lake)
    if models is not None and not found:
        from training.release.tracking import checkpoints

        found += verify_promotions(lake, models)
        heads = recorded_heads(lake)
        found += [
            Finding("heads.jsonl", 1, f"the head of {night} is not the one that MLflow keeps")
            for night, head in sorted(checkpoints(models).items())
            if heads.get(night) != head
        ]
    return found


def _notes(lake: Lake, witnessed: bool) -> list[str]:
    """Print the gaps that an intact ledger does not show by itself."""
    from data_contracts.storage.torn_tail import tails_set_aside
    from serving.ledger.decisions import recorded_heads
    from serving.ledger.signatures import backdated_words, unsigned_record_words
    from serving.oversight.people.signed_acts import unauthenticated_words

    chained = [lake.answers, *sorted(lake.journal.glob("*.jsonl"))]
    torn = [lake.relative(p) for path in chained for p in tails_set_aside(path)]
    notes = [f"Torn tails set aside, never acknowledged: {', '.join(torn)}"] if torn else []
    if not recorded_heads(lake):
        notes.append("No night is recorded in it.")
    if not witnessed:
        notes.append("No witness was compared: --witness names one in another place.")
    notes += unsigned_record_words(lake) + backdated_words(lake)
    return notes + unauthenticated_words(lake)
