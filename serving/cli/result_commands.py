"""Commands that print results of a night: show, credit, audit."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import pandas as pd
import typer

from data_contracts.errors import LakeProblem
from serving.cli.console import (
    Json,
    LakeArgument,
    Night,
    night_named,
    now,
    out,
    print_bound,
    print_fields,
    print_table,
    show_rows,
)
from serving.cli.table_format import cell_text, common_values, ordered_columns

if TYPE_CHECKING:
    from data_contracts.lake import Lake

ROWS_SHOWN = 15


def show(
    table: Annotated[
        str,
        typer.Argument(
            help="An outbound table, such as scores, rings, tier_decisions or false_views."
        ),
    ],
    lake: LakeArgument,
    date_: Night = None,
    entity: Annotated[
        str | None, typer.Option(help="Only entities of this kind, such as session or account.")
    ] = None,
    columns: Annotated[
        str | None, typer.Option(help="Comma-separated columns; those that fit when not named.")
    ] = None,
    rows: Annotated[
        int | None, typer.Option(help=f"Rows to print; {ROWS_SHOWN} in a table, else all.")
    ] = None,
    parquet: Annotated[
        Path | None, typer.Option(help="Write the table to this Parquet file.")
    ] = None,
    plain: Annotated[
        bool, typer.Option("--plain", help="Print values only, tab-separated, for a shell.")
    ] = False,
    as_json: Json = False,
) -> None:
    """Print or export an outbound table of a published night.

    The table has the columns that fit the terminal, the most important first. It names the others.

    Example: steelyard show tier_decisions lake --date 2026-01-31 --json

    Example: steelyard show scores lake --columns entity_id,probability,reasons --rows 5

    Example: steelyard show scores lake --entity account --rows 20

    Example: steelyard show false_views lake --columns session_id,account_id,probability,reasons

    Example: OPERATOR=$(steelyard show tier_decisions lake --columns operator_id --rows 1 --plain)
    """
    from data_contracts.contract import contract
    from data_contracts.lake import Lake
    from data_contracts.parquet import to_arrow, write_file
    from serving.oversight.grading.mcn_grades import FOLLOWERS_WORDS

    frame = _of_kind(_read(Lake.open(lake), table, night_named(date_)), table, entity)
    named = [c.strip() for c in columns.split(",")] if columns else None
    if unknown := set(named or []) - set(frame.columns):
        raise LakeProblem(
            f"{table} has no column {', '.join(sorted(unknown))}. Columns: "
            f"{', '.join(frame.columns)}"
        )
    chosen = frame if rows is None else frame.head(rows)
    if parquet:
        whole = to_arrow(contract(table), chosen)
        write_file(parquet, whole.select(named) if named else whole)
        out.print(f"{len(chosen)} rows written to {parquet}")
        return
    chosen = chosen[named] if named else chosen
    if as_json:
        text = chosen.to_json(orient="records", date_format="iso", force_ascii=False)
        sys.stdout.write(text + "\n")
    elif plain:
        for row in chosen.astype(object).itertuples(index=False):
            sys.stdout.write("\t".join(cell_text(v) for v in row) + "\n")
    else:
        head = chosen.head(ROWS_SHOWN if rows is None else rows)
        common = {} if named or len(head) < 2 else common_values(frame)
        if common:
            text = ", ".join(f"{k} {v}" for k, v in common.items())
            out.print(f"in every row: {text}", highlight=False)
        left_out = _print_rows(head, named or _uncommon(table, chosen, common))
        if len(head) < len(frame):
            out.print(f"{len(head)} of {len(frame):,} rows, --rows N for more", highlight=False)
        if table == "tier_decisions":
            print_bound(lake, night_named(date_))
        if table == "mcns":
            zh, en = FOLLOWERS_WORDS
            out.print(f"{en[0].upper()}{en[1:]}. {zh}。", soft_wrap=True, highlight=False)
        if left_out:
            out.print(f"Left out for want of width: {', '.join(left_out)}.", highlight=False)
            out.print(
                f"To see them: steelyard show {table} {lake} --columns {left_out[0]} "
                "(or --json, or --parquet FILE)",
                highlight=False,
            )


def _read(lake: Lake, table: str, night: str | None) -> pd.DataFrame:
    """An outbound table, the rows to look at first on top."""
    from features.former_names import read_night
    from serving.ledger.answer_export import export_answers
    from serving.oversight.measures.nightly_measures import with_present_status
    from serving.oversight.measures.state_reading import read_measures

    if table == "boost_decisions":
        export_answers(lake)
    frame = read_night(lake, table, night)
    if table == "measures":
        return with_present_status(frame, read_measures(lake), now())
    if table == "scores" and len(frame):
        return frame.sort_values(["entity_kind", "model", "rank", "entity_id"])
    if table == "false_views" and len(frame):
        return frame.sort_values(
            ["probability", "session_id", "view_id"], ascending=[False, True, True]
        )
    if table == "tier_decisions" and len(frame):
        return frame.sort_values(["tier", "expected_harm"], ascending=False)
    return frame


def _of_kind(frame: pd.DataFrame, table: str, entity: str | None) -> pd.DataFrame:
    """Rows of one kind of entity; all where none is named."""
    if entity is None:
        return frame
    if "entity_kind" not in frame.columns:
        raise LakeProblem(f"{table} has no column entity_kind, so --entity does not apply to it")
    mine = frame[frame["entity_kind"] == entity]
    if mine.empty and len(frame):
        kinds = ", ".join(sorted(frame["entity_kind"].unique()))
        raise LakeProblem(f"{table} has no rows of kind {entity!r}. Kinds: {kinds}")
    return mine


def _uncommon(table: str, frame: pd.DataFrame, common: dict[str, str]) -> list[str]:
    """Columns that differ between rows, the most important first; all where none does."""
    columns = ordered_columns(table, list(frame))
    return [c for c in columns if c not in common] or columns


def _print_rows(head: pd.DataFrame, columns: list[str]) -> list[str]:
    """Print rows; returns the columns that did not fit."""
    cells = [{c: cell_text(r[c]) for c in columns} for r in head.astype(object).to_dict("records")]
    if len(cells) > 1:
        return print_table(cells)
    if cells:
        print_fields(cells[0])
    else:
        out.print("nothing")
    return []


def credit(
    lake: LakeArgument,
    operator: Annotated[str | None, typer.Option(help="Only this operator.")] = None,
    date_: Night = None,
    by_tier: Annotated[
        bool,
        typer.Option("--by-tier", help="Mean credit of each tier instead, for supervisors."),
    ] = False,
    as_json: Json = False,
) -> None:
    """Print the public credit evaluation: four sub-scores, level, entitlements; no signal.

    Example: steelyard credit lake --operator $OPERATOR --json

    Example: steelyard credit lake --by-tier
    """
    from data_contracts.lake import Lake
    from data_contracts.runs import read_outbound
    from serving.oversight.credit import public_view
    from serving.oversight.grading.tier_credit import credit_by_tier
    from serving.oversight.measures.state_reading import read_measures
    from serving.oversight.measures.subjects import read_affiliations
    from serving.oversight.policies.policy_record import policy_in_force

    frame = read_outbound(Lake.open(lake), "credit", night_named(date_))
    if by_tier:
        decisions = read_outbound(Lake.open(lake), "tier_decisions", night_named(date_))
        rows = credit_by_tier(frame, decisions).to_dict("records")
        show_rows(rows, as_json, "Mean credit by tier")
        return
    if operator is not None:
        frame = frame[frame["operator_id"] == operator]
        if frame.empty:
            raise LakeProblem(
                f"no credit of operator {operator} was published; "
                f"list them with: steelyard credit {lake}"
            )
    policy = policy_in_force(lake, now().date())
    ordered = frame.sort_values(["credit", "operator_id"])
    taken, moment = read_measures(lake), now()
    networks = read_affiliations(Lake.open(lake))
    views = [
        public_view(r, policy, taken.against(networks.subjects(r["operator_id"]), moment))
        for r in ordered.to_dict("records")
    ]
    flat = [
        {
            "operator": v["operatorId"],
            "credit": v["credit"],
            "level": v["level"],
            **v["subScores"],
            "late": v["complaints"]["late"],
        }
        for v in views
    ]
    show_rows(views if as_json else flat, as_json)


def audit(lake: LakeArgument, as_json: Json = False) -> None:
    """Estimate recall, false alarms and false accusations from the random audit, by group.

    Example: steelyard audit lake
    """
    from data_contracts.lake import Lake
    from serving.oversight.policies.policy_record import policy_in_force
    from serving.oversight.random_audit import audit_estimates

    rows = audit_estimates(Lake.open(lake), policy_in_force(lake, now().date()))
    show_rows(
        json.loads(rows.to_json(orient="records")), as_json, "From the random audit (90 % interval)"
    )
    if not as_json:
        out.print(f"Tonight's sample: steelyard show audit_sample {lake}")
