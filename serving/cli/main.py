"""The command line: every command reports its result and its place; errors say how to mend them.

Commands import the floors inside their functions: LightGBM, Ibis and MLflow take seconds to import,
and `--help` needs none of them.
"""

from __future__ import annotations

import errno
import resource
import sqlite3
import sys
import warnings
from pathlib import Path
from typing import TextIO

import typer

from data_contracts.errors import SteelyardError
from serving.cli import (
    key_commands,
    ledger_commands,
    model_commands,
    night_commands,
    result_commands,
    service_commands,
)
from serving.cli.console import err
from serving.cli.delivery import doctor_commands, intake_commands, lake_commands, listen_commands
from serving.cli.exchange import exchange_commands, report_commands
from serving.cli.help_pages import CommandGroup, RootGroup
from serving.cli.supervision import (
    appeal_commands,
    complaint_commands,
    desk_commands,
    measure_commands,
    notice_commands,
    person_commands,
)

MENDABLE_EXIT_CODE = 16
DISK_ERRNOS = {errno.EIO, errno.ENXIO, errno.EROFS, errno.ESTALE}
MIN_ADDRESS_BYTES = 4_000_000_000  # with fewer, libraries abort, or wait for memory for ever
_show_other_warning = warnings.showwarning

app = typer.Typer(
    name="steelyard",
    cls=RootGroup,
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
    help="Steelyard, the public scale of live commerce: how much is real, who inflated it and how.",
)
for command in (
    lake_commands.simulate,
    intake_commands.ingest,
    listen_commands.listen,
    lake_commands.check,
    doctor_commands.doctor,
    model_commands.train,
    model_commands.promote,
    night_commands.nightly,
    night_commands.replay,
    result_commands.show,
    result_commands.credit,
    result_commands.audit,
    lake_commands.retention,
    key_commands.key,
    key_commands.keys,
    key_commands.rotate_key,
    key_commands.revoke_key,
    service_commands.serve,
    service_commands.parity,
    service_commands.replay_answer,
    desk_commands.desk,
):
    app.command()(command)
app.command("map")(intake_commands.map_sources)
for group, name in (
    (desk_commands.desk_account, "desk-account"),
    (person_commands.person, "person"),
    (measure_commands.measure, "measure"),
    (measure_commands.override, "override"),
    (exchange_commands.evidence, "evidence"),
    (exchange_commands.punishments, "punishments"),
    (report_commands.reports, "reports"),
    (appeal_commands.appeal, "appeal"),
    (complaint_commands.complaint, "complaint"),
    (notice_commands.notice, "notice"),
    (notice_commands.reminder, "reminder"),
    (ledger_commands.journal, "journal"),
    (lake_commands.hold, "hold"),
):
    app.add_typer(group, name=name, cls=CommandGroup)


def print_error(words: str) -> None:
    """Print an error on one line."""
    err.print(f"steelyard: {words}", markup=False, highlight=False, soft_wrap=True)


def show_warning(
    message: Warning | str,
    category: type[Warning],
    filename: str,
    lineno: int,
    file: TextIO | None = None,
    line: str | None = None,
) -> None:
    """Show a warning of ours as one line, and any other as Python shows it."""
    if getattr(category, "in_words", False):
        print_error(str(message))
    else:
        _show_other_warning(message, category, filename, lineno, file, line)


def mendable_words(error: Exception) -> str | None:
    """An error of a file, an engine or the machine in words; None for an error of the code.

    Engines are imported by the command that raised, so one that is not loaded raised nothing.
    """
    duckdb, arrow = sys.modules.get("duckdb"), sys.modules.get("pyarrow")
    if duckdb is not None and arrow is not None:
        from data_contracts.storage.room import out_of_room_words  # with the engines alone

        if words := out_of_room_words(error, Path.cwd()):
            return words
    first = (str(error).splitlines() or [""])[0][:300]
    if isinstance(error, sqlite3.DatabaseError):
        return f"a database file cannot be used ({first}). Put back a copy of it, or remove it"
    engines = tuple(m for m in (duckdb and duckdb.Error, arrow and arrow.ArrowException) if m)
    if isinstance(error, engines):
        return f"a file cannot be read ({first}). Find it: steelyard check LAKE; deliver it again"
    if isinstance(error, UnicodeDecodeError):
        return f"a text file is not UTF-8 ({first}). Write it again as UTF-8"
    if isinstance(error, OSError) and error.errno in DISK_ERRNOS:
        return f"the disk failed ({first}). Check the disk, then run it again"
    if isinstance(error, OSError) and error.filename is not None:
        return f"{error.filename}: {error.strerror}. Check the path and its permissions"
    return None


def too_few_addresses() -> str | None:
    """A message where the process may address less memory than its engines map."""
    allowed, _ = resource.getrlimit(resource.RLIMIT_AS)
    if allowed == resource.RLIM_INFINITY or allowed >= MIN_ADDRESS_BYTES:
        return None
    return (
        f"this process may address {allowed / 1e6:.0f} MB, and its engines map "
        f"{MIN_ADDRESS_BYTES / 1e6:.0f} MB. Nothing was read or written. Lift the limit with "
        "ulimit -v unlimited, name the memory in STEELYARD_MEMORY, and run it again"
    )


def main() -> None:
    """Entry point: errors that a person can mend become one line and an exit code.

    An error of the code keeps its traceback.
    """
    warnings.showwarning = show_warning
    if "--help" not in sys.argv and (words := too_few_addresses()):
        print_error(words)
        sys.exit(MENDABLE_EXIT_CODE)
    try:
        app()
    except SteelyardError as error:
        print_error(str(error))
        sys.exit(error.exit_code)
    except Exception as error:
        words = mendable_words(error)
        if words is None:
            raise
        print_error(words)
        sys.exit(MENDABLE_EXIT_CODE)


if __name__ == "__main__":
    main()
