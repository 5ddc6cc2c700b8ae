"""Commands that hold decisions to account: the journal, replay, and appeals."""

from __future__ import annotations

import sys
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer

from data_contracts.errors import LakeProblem
from serving.cli.console import Json, LakeArgument, Models, Steps, day, out, show_rows

journal = typer.Typer(
    no_args_is_help=True, help="The chained record of decisions.", rich_markup_mode=None
)
appeal = typer.Typer(no_args_is_help=True, help="Appeals against decisions.", rich_markup_mode=None)
By = Annotated[
    str, typer.Option("--by", help="Who does it: a name or a pseudonym of the reviewer.")
]


def _now() -> datetime:
    return datetime.now(UTC).replace(tzinfo=None)


@journal.command("verify")
def verify(lake: LakeArgument, models: Models = None, as_json: Json = False) -> None:
    """Check that no decision was edited, removed, moved or cut off, nor a published file changed; exit code 1 when one was.

    With --models the heads that MLflow keeps are compared too.

    Example: steelyard journal verify lake
    """
    from data_contracts.lake import Lake
    from serving.ledger.decisions import Finding
    from serving.ledger.decisions import verify_decisions as check
    from serving.ledger.hash_chain import first_broken_line

    opened = Lake.open(lake)
    found = check(opened)
    for path in [opened.answers, *sorted(opened.journal.glob("*.jsonl"))]:
        name = opened.relative(path)
        if path.name in ("decisions.jsonl", "heads.jsonl"):
            continue  # checked above, with what was published
        broken = first_broken_line(path) if path.exists() else None
        if broken is not None:
            found.append(Finding(name, broken, "does not follow from the line before"))
    if models is not None:
        from serving.ledger.decisions import recorded_heads
        from training.release.tracking import checkpoints

        here = recorded_heads(opened)
        found += [
            Finding("heads.jsonl", 1, f"the head of {n} is not the one that MLflow keeps")
            for n, head in sorted(checkpoints(models).items())
            if here.get(n) != head
        ]
    if as_json or found:
        show_rows([asdict(f) for f in found], as_json, "Findings")
    if found:
        raise typer.Exit(1)
    if not as_json:
        out.print("The record stands.")


def replay(
    lake: LakeArgument,
    decision: Annotated[
        str | None,
        typer.Argument(help="One decision, as OPERATOR@DATE: computed again and compared."),
    ] = None,
    date_: Annotated[
        str | None,
        typer.Option("--date", help="Published night to compute again and compare bit for bit."),
    ] = None,
    policy: Annotated[
        Path | None, typer.Option(help="Policy to try on published nights: who would have moved.")
    ] = None,
    first: Annotated[str | None, typer.Option("--from", help="First night of the trial.")] = None,
    last: Annotated[str | None, typer.Option("--to", help="Last night of the trial.")] = None,
    policy_file: Annotated[
        Path | None, typer.Option(help="Policy in force on --date, when it is not the package's.")
    ] = None,
    models: Models = None,
    as_json: Json = False,
) -> None:
    """Compute a published night again and compare it, or say who would have had another tier under another policy.

    Example: steelyard replay lake o123@2026-01-31 --models models
    Example: steelyard replay lake --date 2026-01-31 --models models
    Example: steelyard replay lake --policy stricter.toml --from 2026-01-25 --to 2026-01-31
    """
    from serving.nightly.replay import replay as again
    from serving.nightly.replay import what_if
    from serving.policy.load import load_policy

    operator = None
    if decision is not None:
        operator, _, when = decision.rpartition("@")
        if not operator or date_ is not None:
            raise LakeProblem(
                f"{decision!r} is not a decision; write OPERATOR@DATE, such as o123@2026-01-31, and no --date beside it"
            )
        date_ = when
    if (date_ is None) == (policy is None) or (
        policy is not None and (first is None or last is None)
    ):
        raise LakeProblem("name either a decision or --date, or --policy with --from and --to")
    if policy is not None:
        moved = what_if(
            lake, day(str(first), "--from"), day(str(last), "--to"), load_policy(policy)
        )
        show_rows(moved.to_dict("records"), as_json, "Who would have had another tier")
        if not as_json:
            out.print(f"{len(moved)} decisions would have been another.")
        return
    night = day(str(date_), "--date")
    with Steps(f"replay {lake}") as say:
        found = again(lake, night, models, load_policy(policy_file), say, operator)
    show_rows(
        [asdict(found) | {"stands": found.stands, "differ": ", ".join(found.differ)}], as_json
    )
    if not found.stands:
        sys.exit(1)


@appeal.command("open")
def open_(
    lake: LakeArgument,
    operator: Annotated[str, typer.Option(help="Operator whose decision is appealed.")],
    ground: Annotated[str, typer.Option(help="Why the decision is held to be wrong.")],
    by: By,
    date_: Annotated[
        str | None, typer.Option("--date", help="Night of the decision; the latest when not named.")
    ] = None,
    as_json: Json = False,
) -> None:
    """Open an appeal against a decision; it is due as the policy says.

    Example: steelyard appeal open lake --operator o123 --ground "celebrity visit on the 20th" --by shop-desk
    """
    from serving.oversight.appeals import open_appeal
    from serving.policy.load import load_policy

    night = str(day(date_, "--date")) if date_ else None
    show_rows(
        [asdict(open_appeal(lake, operator, night, ground, by, _now(), load_policy()))], as_json
    )


@appeal.command("decide")
def decide(
    lake: LakeArgument,
    appeal_id: Annotated[str, typer.Argument(help="Appeal to decide.")],
    verdict: Annotated[str, typer.Option(help="error (a false accusation), upheld, or miss.")],
    reason: Annotated[str, typer.Option(help="Why, in words.")],
    by: By,
    session: Annotated[
        list[str] | None, typer.Option(help="Session that the verdict is about; may be repeated.")
    ] = None,
    order: Annotated[
        list[str] | None, typer.Option(help="Order that the verdict is about; may be repeated.")
    ] = None,
    as_json: Json = False,
) -> None:
    """Decide an appeal, by another person than opened it; verdicts on sessions and orders become outcomes.

    Example: steelyard appeal decide lake p0123456789ab --verdict error --reason "raid confirmed" --by reviewer-2 --session s1
    """
    from serving.oversight.appeals import decide_appeal

    about = [("session", s) for s in session or []] + [("order", o) for o in order or []]
    show_rows([asdict(decide_appeal(lake, appeal_id, verdict, by, reason, _now(), about))], as_json)


@appeal.command("list")
def list_(lake: LakeArgument, as_json: Json = False) -> None:
    """List appeals with their due dates, verdicts, and whether the date was missed.

    Example: steelyard appeal list lake --json
    """
    from serving.oversight.appeals import list_appeals

    show_rows([asdict(a) for a in list_appeals(lake, _now())], as_json, "Appeals")
    if not as_json:
        out.print(f"Open one: steelyard appeal open {lake} --operator ID --ground WHY --by WHO")
