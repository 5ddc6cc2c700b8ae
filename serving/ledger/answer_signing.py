"""Signed checkpoints of the answers of a running service, some seconds apart."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress

import structlog

from data_contracts.lake import Lake
from serving.ledger.answers import AnswerLedger
from serving.ledger.checkpoints import people_chains, sign_checkpoint, witness_paths
from serving.ledger.hash_chain import LedgerDamaged
from serving.ledger.ledger_key import LedgerKey, open_ledger_key

CHECKPOINT_SECONDS = 10.0


def sign_answers(lake: Lake, ledger: AnswerLedger, key: LedgerKey) -> None:
    """Sign how long the answers and the records of people are now; nothing where there are none.

    Raises OSError.
    """
    end, chains = ledger.end, people_chains(lake)
    if end.lines:
        chains["answers"] = {"lines": end.lines, "head": end.head}
    if chains:
        sign_checkpoint(lake, lake.answer_checkpoints, chains, key, witness_paths())


@contextmanager
def signed_answers(
    lake: Lake, ledger: AnswerLedger, seconds: float = CHECKPOINT_SECONDS
) -> Iterator[None]:
    """Sign the answers at the start, every few seconds, and at the end.

    Answers that a full disk refused are tried again too, so that the ledger heals without a
    request. The last answers before a kill may be without a checkpoint until the next start.

    Raises
    ------
    LakeProblem
        The key cannot be read or made.
    """
    key, stopped = open_ledger_key(lake), threading.Event()

    def work() -> None:
        while not stopped.wait(seconds):
            _sign_or_report(lake, ledger, key)

    _sign_or_report(lake, ledger, key)
    thread = threading.Thread(target=work, name="checkpoints", daemon=True)
    thread.start()
    try:
        yield
    finally:
        stopped.set()
        thread.join()
        _sign_or_report(lake, ledger, key)


def _sign_or_report(lake: Lake, ledger: AnswerLedger, key: LedgerKey) -> None:
    with suppress(OSError, LedgerDamaged):  # the ledger keeps its problem for the probe
        ledger.sync()
    try:
        sign_answers(lake, ledger, key)
    except (OSError, LedgerDamaged) as error:
        structlog.get_logger().error("checkpoint not signed", error=str(error))
