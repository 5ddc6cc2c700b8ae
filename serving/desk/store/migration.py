"""Applies the migrations that a database of the desk lacks."""

from __future__ import annotations

from collections.abc import Iterable
from importlib import resources
from typing import Any

from alembic.operations import Operations
from alembic.runtime.migration import MigrationContext, MigrationStep
from alembic.script import ScriptDirectory
from sqlalchemy import Connection


def script_directory() -> ScriptDirectory:
    """The migrations of the package."""
    folder = str(resources.files("serving.desk.store") / "migrations")
    return ScriptDirectory(folder, version_locations=[folder])


def migrate(connection: Connection) -> None:
    """Bring a database to the newest revisions, within the transaction of the connection.

    Raises alembic's CommandError for a database of a newer desk.
    """
    directory = script_directory()

    def missing_steps(present: Any, _context: MigrationContext) -> Iterable[Any]:
        missing = directory.iterate_revisions("heads", present, implicit_base=True)
        return [
            MigrationStep.upgrade_from_script(directory.revision_map, script)
            for script in reversed(list(missing))
        ]

    context = MigrationContext.configure(connection, opts={"fn": missing_steps})
    if set(context.get_current_heads()) != set(directory.get_heads()):
        with Operations.context(context):
            context.run_migrations()
