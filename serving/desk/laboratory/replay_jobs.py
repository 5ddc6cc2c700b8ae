"""Replays in the background: one at a time, with progress in the database."""

from __future__ import annotations

import math
from concurrent.futures import Future, ThreadPoolExecutor
from datetime import timedelta
from typing import Any

import structlog
from sqlalchemy import select
from sqlalchemy.orm import Session

from serving.desk.accounts.account import Account
from serving.desk.accounts.tokens import make_id
from serving.desk.desk import Desk
from serving.desk.laboratory.replay import replay_draft
from serving.desk.store.tables.laboratory import PolicyDraftRow, PolicyReplayRow
from serving.policy.load import policy_of_text

RUNNING, DONE, FAILED, STOPPED = "running", "done", "failed", "stopped"
PROCESS = make_id()  # another one after a restart: replays of before are stopped ones
SILENT_MINUTES = 5  # a replay of another process that said nothing for so long was stopped
MAX_NIGHTS = 60
# One thread: pages stay fast while a replay runs, and a second one waits.
_worker = ThreadPoolExecutor(1, thread_name_prefix="replay")
log = structlog.get_logger("desk")


def start_replay(
    desk: Desk, draft: PolicyDraftRow, nights: int, account: Account
) -> tuple[PolicyReplayRow, Future[None]]:
    """Begin to replay a draft that holds; returns its row, and the work under way.

    One of the same text and nights that runs already is returned instead.
    """
    nights = min(max(nights, 1), MAX_NIGHTS)
    with desk.database.transaction() as session:
        latest = latest_replay(session, draft.id)
        same = latest is not None and (latest.text, latest.nights) == (draft.text, nights)
        if latest is not None and same and status_of(latest, desk) == RUNNING:
            finished: Future[None] = Future()
            finished.set_result(None)
            return latest, finished
        now = desk.clock()
        row = PolicyReplayRow(
            id=make_id(),
            draft_id=draft.id,
            text=draft.text,
            nights=nights,
            status=RUNNING,
            nights_done=0,
            process=PROCESS,
            started_by=account.name,
            started_at=now,
            updated_at=now,
        )
        session.add(row)
    return row, _worker.submit(_work, desk, row.id, draft.text, nights)


def latest_replay(session: Session, draft_id: str) -> PolicyReplayRow | None:
    """The last replay of a draft."""
    query = select(PolicyReplayRow).where(PolicyReplayRow.draft_id == draft_id)
    return session.scalars(query.order_by(PolicyReplayRow.started_at.desc()).limit(1)).first()


def status_of(row: PolicyReplayRow, desk: Desk) -> str:
    """Status of a replay; `stopped` for one whose process ended before it."""
    if row.status != RUNNING or row.process == PROCESS:
        return row.status
    is_silent = desk.clock() - row.updated_at > timedelta(minutes=SILENT_MINUTES)
    return STOPPED if is_silent else RUNNING


def _work(desk: Desk, replay_id: str, text: str, nights: int) -> None:
    """Replay, and write what was found or what failed."""

    def say(done: int, of: int) -> None:
        _update(desk, replay_id, nights_done=done, nights=of)

    try:
        policy = policy_of_text(text, "draft")
        result = replay_draft(desk.lake, policy, nights, desk.naive_now(), say)
        _update(desk, replay_id, status=DONE, result=finite(result))
    except Exception as error:
        log.error("replay failed", replay=replay_id, error=type(error).__name__)
        _update(desk, replay_id, status=FAILED, error=f"{type(error).__name__}: {error}"[:2000])


def finite(value: Any) -> Any:
    """A value as JSON has it: numbers that are none become null."""
    if isinstance(value, dict):
        return {k: finite(v) for k, v in value.items()}
    if isinstance(value, list):
        return [finite(v) for v in value]
    return None if isinstance(value, float) and not math.isfinite(value) else value


def _update(desk: Desk, replay_id: str, **values: Any) -> None:
    with desk.database.transaction() as session:
        row = session.get(PolicyReplayRow, replay_id)
        if row is not None:
            for name, value in values.items():
                setattr(row, name, value)
            row.updated_at = desk.clock()
