"""Shared by all commands on the terminal: options, tables, a progress line."""

from __future__ import annotations

import json
import math
import sys
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.progress import BarColumn, Progress, SpinnerColumn, TextColumn, TimeElapsedColumn
from rich.table import Table

from data_contracts.errors import LakeProblem
from serving.cli.table_format import cell_text, fit_columns
from serving.tiers.false_discovery import AccusationBound, bound_words

MAX_NAMES_SHOWN = 20  # of a list in one field

out, err = Console(), Console(stderr=True)
Json = Annotated[bool, typer.Option("--json", help="Print JSON instead of a table.")]
LakeArgument = Annotated[Path, typer.Argument(help="Folder of the lake.", metavar="LAKE")]
Models = Annotated[
    Path | None,
    typer.Option(
        help="Folder of released models; STEELYARD_MODELS or none when not named.",
        envvar="STEELYARD_MODELS",
    ),
]
By = Annotated[str, typer.Option("--by", help="Name or pseudonym of the person who does it.")]
SignedBy = Annotated[
    str | None,
    typer.Option("--by", help="Person who does it; must have the key of this shell, which signs."),
]
Operator = Annotated[str, typer.Option(help="Id of the operator.")]
Reason = Annotated[str, typer.Option(help="Reason, in words.")]
Night = Annotated[str | None, typer.Option("--date", help="Night; the latest when not named.")]


def now() -> datetime:
    """The present moment in UTC, without a zone, as the tables have it."""
    return datetime.now(UTC).replace(tzinfo=None)


def day(text: str, option: str) -> date:
    """The date that an option names. Raises LakeProblem."""
    try:
        return date.fromisoformat(text)
    except ValueError as error:
        raise LakeProblem(f"{option} {text!r} is not a date. Write it as 2026-01-31.") from error


def night_named(text: str | None) -> str | None:
    """The night that `--date` names, None for the latest. Raises LakeProblem."""
    return str(day(text, "--date")) if text else None


def finite(value: Any) -> Any:
    """A value with null in place of every number that JSON does not have."""
    if isinstance(value, dict):
        return {k: finite(v) for k, v in value.items()}
    if isinstance(value, list | tuple):
        return [finite(v) for v in value]
    return None if isinstance(value, float) and not math.isfinite(value) else value


def print_json(value: Any) -> None:
    """Print a value as standard JSON."""
    sys.stdout.write(json.dumps(finite(value), ensure_ascii=False, default=str, indent=1) + "\n")


def print_table(cells: Sequence[dict[str, str]], title: str | None = None) -> list[str]:
    """Print rows as a table of the columns that fit the terminal; returns those left out."""
    widths, left_out = fit_columns(cells, list(cells[0]), terminal_width=out.width)
    table = Table(title=title, title_justify="left")
    for name, width in widths.items():
        table.add_column(name, overflow="fold", min_width=width)
    for row in cells:
        table.add_row(*(row[name] for name in widths))
    out.print(table, highlight=False)
    return left_out


def shortened(text: str) -> str:
    """A long list of names with its first ones and the number of the others."""
    parts = text.split(", ")
    if len(parts) <= MAX_NAMES_SHOWN or any(" " in p for p in parts):
        return text
    first = ", ".join(parts[:MAX_NAMES_SHOWN])
    return f"{first} and {len(parts) - MAX_NAMES_SHOWN} more (all: --json)"


def print_fields(cells: dict[str, str], title: str | None = None) -> None:
    """Print one row as a list of its fields."""
    table = Table(title=title, title_justify="left", show_header=False)
    table.add_column("field", no_wrap=True)
    table.add_column("value", overflow="fold")
    for name, text in cells.items():
        table.add_row(name, shortened(text))
    out.print(table, highlight=False)


def show_rows(rows: Sequence[dict[str, Any]], as_json: bool, title: str | None = None) -> None:
    """Print rows as JSON or as a table; a single row is a list of fields."""
    if as_json:
        print_json(list(rows))
        return
    cells = [{str(k): cell_text(v) for k, v in row.items()} for row in rows]
    if not cells:
        out.print("nothing")
    elif len(cells) == 1:
        print_fields(cells[0], title)
    elif left_out := print_table(cells, title):
        out.print(f"Left out for want of width: {', '.join(left_out)}. All columns: --json")


def print_bound(lake: Path, night: str | None) -> None:
    """Print what accusations of a night lack, where the bound on them cannot be met."""
    from data_contracts.runs import read_outbound

    run = read_outbound(lake, "runs", night).iloc[-1]
    if "cleared_operators" not in run:  # a night of an earlier version
        return
    words = bound_words(AccusationBound(run["cleared_operators"], run["cleared_operators_missing"]))
    if words:
        zh, en = words
        out.print(f"{en[0].upper()}{en[1:]}. {zh}。", soft_wrap=True, highlight=False)


def print_suspicions(found: Sequence[Mapping[str, Any]]) -> None:
    """Print what a delivery lacks or what looks wrong in it, one line each."""
    for s in found:
        place = f"{s['table']}.{s['column']}" if s["column"] else s["table"]
        text = f"Suspicious, {place}: {s['found']}. To mend it: {s['mend']}"
        out.print(text, soft_wrap=True, highlight=False, markup=False)


def progress_bar() -> Progress:
    """A progress bar on the error stream, hidden where that is no terminal."""
    return Progress(
        SpinnerColumn(),
        TextColumn("{task.description}"),
        BarColumn(),
        TimeElapsedColumn(),
        console=err,
        transient=True,
        disable=not err.is_terminal,
    )


class Steps:
    """A progress line that names the step in progress.

    Examples
    --------
    >>> with Steps("checking lake") as say:
    ...     say("orders")
    """

    def __init__(self, title: str) -> None:
        self.bar, self.title = progress_bar(), title

    def __enter__(self) -> Callable[[str], None]:
        self.bar.start()
        task = self.bar.add_task(self.title, total=None)
        return lambda text: self.bar.update(task, description=f"{self.title}: {text}")

    def __exit__(self, *_: object) -> None:
        self.bar.stop()
