"""Command that examines a lake: what it allows, and what to deliver first."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import asdict
from typing import TYPE_CHECKING

from serving.cli.console import Json, LakeArgument, Steps, out, print_json, show_rows

if TYPE_CHECKING:
    from serving.doctor.examination import ColumnGain

MAX_EMPTY_COLUMNS_SHOWN = 6


def doctor(lake: LakeArgument, as_json: Json = False) -> None:
    """Say what can be said with the tables of a lake, and what each further table would add.

    Gains are recall at 1 % false alarms without verdicts, measured on families of simulated
    platforms that taught the prior nothing. What was not measured is said so.

    Example: steelyard doctor lake
    """
    from data_contracts.lake import Lake
    from serving.doctor.examination import examine

    with Steps(f"examining {lake}"):
        found = examine(Lake.open(lake))
    if as_json:
        print_json(asdict(found))
        return
    here = [t for t in found.tables if t.rows]
    show_rows(
        [
            {
                "table": t.table,
                "rows": t.rows,
                "signals": t.signals,
                "allows": t.allows,
            }
            for t in here
        ],
        False,
        "What is here, and what it allows",
    )
    for t in here:
        for line in _empty_columns(t.table, found.columns):
            out.print(line, soft_wrap=True, highlight=False, markup=False)
    show_rows(
        [
            {
                "deliver": g.group,
                "of": g.entity,
                "recall": "not measured" if g.recall is None else f"{g.recall:.2f}",
                "adds": "not measured" if g.gain is None else f"{g.gain:+.2f}",
                "families": g.families,
            }
            for g in found.gains
        ],
        False,
        "What a further table would add to recall at 1 % false alarms",
    )
    out.print(f"Figures: {found.note}.", soft_wrap=True, highlight=False, markup=False)
    missing = [t for t in found.tables if not t.rows and t.signals]
    for t in missing:
        signals = "1 further signal" if t.signals == 1 else f"{t.signals} further signals"
        text = f"{t.table} is not here: {signals}; {t.allows}"
        out.print(text, soft_wrap=True, highlight=False, markup=False)
    first = found.first
    if first is None:
        out.print("No measured table would add to what is here.")
        return
    text = (
        f"Deliver first: {', '.join(first.tables)}. Recall of {first.entity}s went from "
        f"{first.recall:.2f} up by {first.gain:.2f} on {first.families} families left out."
    )
    out.print(text, soft_wrap=True, highlight=False, markup=False)


def _empty_columns(table: str, gains: Sequence[ColumnGain]) -> Iterator[str]:
    """Words on the gains of a table's columns without a value, and on those not measured."""
    mine = [g for g in gains if g.table == table]
    for g in mine:
        if g.gain is not None:
            yield (
                f"{table}: no value in {g.column}; it adds {g.gain:+.2f} to the recall of "
                f"{g.entity}s, on {g.families} families"
            )
    if unmeasured := [g.column for g in mine if g.gain is None]:
        names = ", ".join(unmeasured[:MAX_EMPTY_COLUMNS_SHOWN])
        more = len(unmeasured) - MAX_EMPTY_COLUMNS_SHOWN
        rest = f" and {more} more" if more > 0 else ""
        yield f"{table}: no value in {names}{rest}; what each adds is not measured"
