"""What every command shares on the terminal: options, tables, a progress line."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.progress import BarColumn, Progress, SpinnerColumn, TextColumn, TimeElapsedColumn
from rich.table import Table

from data_contracts.errors import LakeProblem

out, err = Console(), Console(stderr=True)
Json = Annotated[bool, typer.Option("--json", help="Print JSON instead of a table.")]
LakeArgument = Annotated[Path, typer.Argument(help="Folder of the lake.")]
Models = Annotated[
    Path | None,
    typer.Option(
        help="Folder of released models; STEELYARD_MODELS or none when not named.",
        envvar="STEELYARD_MODELS",
    ),
]


def day(text: str, option: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError as error:
        raise LakeProblem(f"{option} {text!r} is not a date. Write it as 2026-01-31.") from error


def show_rows(rows: list[dict[str, Any]], as_json: bool, title: str | None = None) -> None:
    if as_json:
        sys.stdout.write(json.dumps(rows, ensure_ascii=False, default=str, indent=1) + "\n")
        return
    if not rows:
        out.print("nothing")
        return
    table = Table(title=title, title_justify="left")
    for column in rows[0]:
        table.add_column(str(column), overflow="fold")
    for row in rows:
        table.add_row(*("unknown" if v is None or v != v else str(v) for v in row.values()))
    out.print(table)


def bar() -> Progress:
    return Progress(
        SpinnerColumn(),
        TextColumn("{task.description}"),
        BarColumn(),
        TimeElapsedColumn(),
        console=err,
        transient=True,
        disable=not err.is_terminal,
    )


def dated(say: Callable[[str], None], night: date, text: str) -> None:
    say(f"{night} {text}")


class Steps:
    """A progress line that shows the step at hand."""

    def __init__(self, title: str) -> None:
        self.bar, self.title = bar(), title

    def __enter__(self):
        self.bar.start()
        self.task = self.bar.add_task(self.title, total=None)
        return lambda text: self.bar.update(self.task, description=f"{self.title}: {text}")

    def __exit__(self, *_: object) -> None:
        self.bar.stop()
