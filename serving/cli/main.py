"""The command line: every command reports its result and its place; errors say how to mend them.

Commands import the floors inside their functions: LightGBM, Ibis and MLflow take seconds to import,
and `--help` needs none of them.
"""

from __future__ import annotations

import sys

import typer

from data_contracts.errors import SteelyardError
from serving.cli import (
    key_commands,
    ledger_commands,
    measure_commands,
    model_commands,
    night_commands,
    result_commands,
    service_commands,
)
from serving.cli.console import err
from serving.cli.delivery import intake_commands, lake_commands
from serving.cli.exchange import exchange_commands

app = typer.Typer(
    name="steelyard",
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
    help="Steelyard, the public scale of live commerce: how much is real, who inflated it and how.",
)
for command in (
    lake_commands.simulate,
    intake_commands.ingest,
    lake_commands.check,
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
):
    app.command()(command)
app.command("map")(intake_commands.map_sources)
for group, name in (
    (measure_commands.measure, "measure"),
    (measure_commands.override, "override"),
    (exchange_commands.evidence, "evidence"),
    (exchange_commands.punishments, "punishments"),
    (ledger_commands.appeal, "appeal"),
    (ledger_commands.journal, "journal"),
    (lake_commands.hold, "hold"),
):
    app.add_typer(group, name=name)


def main() -> None:
    """Entry point: our own errors become one line and an exit code, others keep their traceback."""
    try:
        app()
    except SteelyardError as error:
        err.print(f"steelyard: {error}", markup=False, highlight=False, soft_wrap=True)
        sys.exit(error.exit_code)


if __name__ == "__main__":
    main()
