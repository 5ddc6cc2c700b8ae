"""Opens a desk on a lake and serves it until it is stopped."""

from __future__ import annotations

from pathlib import Path
from socket import socket

import uvicorn
from starlette.types import ASGIApp

from data_contracts.errors import LakeProblem
from data_contracts.lake import Lake
from serving.desk.desk import Desk, utc_now
from serving.desk.inbox.webhook_secrets import seal_plain_secrets
from serving.desk.store.database import Database
from serving.oversight.policies.policy_record import policy_in_force

MAX_DRAIN_SECONDS = 10  # requests in work may finish for so long after SIGTERM
ACCEPT_BACKLOG = 256
PRIVATE_FOLDER = 0o700


def open_desk(lake: Path, database_url: str | None = None) -> Desk:
    """The desk of a lake; its database lies in the lake where no other is named.

    Raises
    ------
    LakeProblem
        The folder is no lake, or the key of the server that old secrets need cannot be used.
    DatabaseRefused
        The database cannot be opened.
    """
    opened = Lake.open(lake)
    if not opened.published_pointer.exists() and not opened.delivered():
        raise LakeProblem(
            f"{lake} is no lake: it has neither tables nor a published night. "
            "Make one with steelyard simulate or steelyard ingest"
        )
    if database_url is None:
        opened.desk_database.parent.mkdir(mode=PRIVATE_FOLDER, exist_ok=True)
        opened.desk_database.parent.chmod(PRIVATE_FOLDER)
        database_url = f"sqlite:///{opened.desk_database}"
    database = Database.open(database_url)
    seal_plain_secrets(opened, database)
    return Desk(opened, database, policy_in_force(opened, utc_now().date()))


def serve_desk(bound: socket, application: ASGIApp) -> None:
    """Serve on a bound socket until SIGTERM or SIGINT; requests in work are finished first."""
    config = uvicorn.Config(
        application,
        ws="none",
        lifespan="off",
        backlog=ACCEPT_BACKLOG,
        access_log=False,
        log_config=None,
        server_header=False,
        timeout_graceful_shutdown=MAX_DRAIN_SECONDS,
    )
    uvicorn.Server(config).run([bound])
