"""Commands on the data of a lake: simulate, ingest, check, legal holds, retention."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer

from data_contracts.errors import LakeProblem
from serving.cli.console import (
    Json,
    LakeArgument,
    Operator,
    Reason,
    SignedBy,
    Steps,
    day,
    now,
    out,
    print_suspicions,
    progress_bar,
    show_rows,
)

hold = typer.Typer(
    no_args_is_help=True,
    help="Legal holds: data that retention may not delete.",
    rich_markup_mode=None,
)


def simulate(
    folder: Annotated[Path, typer.Argument(metavar="OUT", help="New folder for the lake.")],
    seed: Annotated[int, typer.Option(help="The same seed gives the same bytes.")] = 1,
    days: Annotated[
        int | None, typer.Option(help="Days to simulate; the size says when not named.")
    ] = None,
    size: Annotated[str, typer.Option(help="tiny, small, medium, wide or large.")] = "small",
    start: Annotated[str, typer.Option(help="First day.")] = "2026-01-05",
    schemes: Annotated[
        str | None,
        typer.Option(
            help="Comma-separated schemes to plant; all when not named, none for an honest world."
        ),
    ] = None,
    truth: Annotated[
        Path | None, typer.Option(help="Folder for the planted truth; OUT.truth when not named.")
    ] = None,
    as_json: Json = False,
) -> None:
    """Write a simulated platform as a lake, and its planted truth beside it.

    Example: steelyard simulate lake --seed 7 --size small
    """
    from simulation.world import WorldSpec, write_world

    names = None if schemes is None else tuple(s.strip() for s in schemes.split(",") if s != "none")
    truth_folder = truth or folder.with_name(folder.name + ".truth")
    with progress_bar() as bar:
        task = bar.add_task(f"simulating {folder}", total=1)
        counts = write_world(
            folder,
            truth_folder,
            WorldSpec(seed, size, day(start, "--start"), days, names),
            lambda done, total: bar.update(task, completed=done, total=total),
        )
    show_rows([{"lake": str(folder), "truth": str(truth_folder), **counts}], as_json)


def check(lake: LakeArgument, as_json: Json = False) -> None:
    """Validate a lake against its contracts. Bad rows go to quarantine, structural breaks stop.

    Everything is listed at once: what is converted and harmless, rows set aside, what looks wrong
    and is not forbidden, and what must be mended. What looks wrong stops nothing: zones, units,
    ids, short, late and repeated deliveries, tables that are missing.

    Example: steelyard check lake
    """
    from data_contracts.contract import contract
    from data_contracts.file_checks import raise_breaks
    from data_contracts.intake.suspicions import suspicions
    from data_contracts.lake import Lake
    from data_contracts.row_checks import check_tables, delivered_tables, structural_breaks
    from data_contracts.storage.stored_types import conversions

    opened = Lake.open(lake)
    with Steps(f"checking {lake}") as say:
        names = delivered_tables(opened)
        breaks = structural_breaks(opened, names)
        sound = [n for n in names if n not in breaks]
        results = check_tables(opened, sound, now(), say)
        say("what looks wrong")
        found = [s for s in suspicions(opened, sound) if s.table not in breaks]
        converted = [c for n in names for c in conversions(contract(n), opened.files(n))]
    if as_json:
        rows = [asdict(r) for r in results]
        for row in rows:
            row["suspicious"] = [asdict(s) for s in found if s.table == row["table"]]
            row["converted"] = [asdict(c) for c in converted if c.table == row["table"]]
        delivered = {r.table for r in results}  # what is said of other tables stands in the first
        for row in rows[:1]:
            row["suspicious"] += [asdict(s) for s in found if s.table not in delivered]
        show_rows(rows, as_json)
    else:
        show_rows([asdict(r) for r in results], as_json)
        for c in converted:
            text = f"Converted, {c.table}.{c.column}: {c.found} is read as {c.read_as}."
            out.print(text, soft_wrap=True, highlight=False, markup=False)
        print_suspicions([asdict(s) for s in found])
        if any(r.quarantined for r in results):
            out.print(f"Rows set aside: steelyard show quarantine {lake}")
    raise_breaks([b for table in breaks.values() for b in table])


@hold.command("set")
def set_legal_hold(
    lake: LakeArgument,
    operator: Operator,
    reason: Reason,
    by: SignedBy = None,
    as_json: Json = False,
) -> None:
    """Put an operator's data under legal hold. The person of this shell signs it.

    Example: steelyard hold set lake --operator $OPERATOR --reason "case 2026-17"
    """
    from data_contracts.lake import Lake
    from serving.oversight.people.signers import open_author
    from serving.oversight.retention.legal_holds import set_hold

    author = open_author(Lake.open(lake), by)
    show_rows([set_hold(lake, operator, author, reason, False, now())], as_json)


@hold.command("lift")
def lift_legal_hold(
    lake: LakeArgument,
    operator: Operator,
    reason: Reason,
    by: SignedBy = None,
    as_json: Json = False,
) -> None:
    """Lift a legal hold that another person set. An approver signs it.

    Example: steelyard hold lift lake --operator $OPERATOR --reason "case closed"
    """
    from data_contracts.lake import Lake
    from serving.oversight.people.signers import open_author
    from serving.oversight.retention.legal_holds import set_hold

    author = open_author(Lake.open(lake), by)
    show_rows([set_hold(lake, operator, author, reason, True, now())], as_json)


def retention(
    lake: LakeArgument,
    table: Annotated[str | None, typer.Option(help="Table to delete from.")] = None,
    before: Annotated[str | None, typer.Option(help="Delete its days before this date.")] = None,
    by: SignedBy = None,
    as_json: Json = False,
) -> None:
    """List the days that may be deleted today. With --table and --before, delete and log.

    An approver signs it. A day that the policy still keeps is refused.

    Example: steelyard retention lake

    Example: steelyard retention lake --table views --before 2026-01-05
    """
    from data_contracts.lake import Lake
    from serving.oversight.people.signers import open_author
    from serving.oversight.policies.policy_record import policy_in_force
    from serving.oversight.retention.deletion import deletable, delete_days

    if (table is None) != (before is None):
        raise LakeProblem("name both --table and --before, or neither to see what may be deleted")
    if table is None:
        days = deletable(lake, now().date(), policy_in_force(lake, now().date()))
        show_rows([asdict(d) for d in days], as_json, "May be deleted")
        return
    author = open_author(Lake.open(lake), by)
    policy = policy_in_force(lake, now().date())
    done = delete_days(lake, table, day(str(before), "--before"), author, now(), policy)
    show_rows([asdict(d) for d in done], as_json, "Deleted")
