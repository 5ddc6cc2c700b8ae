"""Command that examines a lake: what it allows, and what to deliver first."""

from __future__ import annotations

from dataclasses import asdict

from serving.cli.console import Json, LakeArgument, Steps, out, print_json, show_rows

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
        if t.empty_columns:
            names = ", ".join(t.empty_columns[:MAX_EMPTY_COLUMNS_SHOWN])
            more = len(t.empty_columns) - MAX_EMPTY_COLUMNS_SHOWN
            rest = f" and {more} more" if more > 0 else ""
            text = f"{t.table}: no value in {names}{rest}; what each adds is not measured"
            out.print(text, soft_wrap=True, highlight=False, markup=False)
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
        text = f"{t.table} is not here: {t.signals} further signals; {t.allows}"
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
