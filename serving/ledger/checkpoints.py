"""Checkpoints: signed statements of how long a chain was and what its last digest was.

A line of a file of checkpoints says which chain of which lake had how many lines, with which head,
at which time. It is signed, follows the line before by its digest, and is written to each witness
too: an append-only file in another place. A chain that was shortened, or made again without the
key, contradicts its checkpoints. One made again with the key contradicts the witness.
"""

from __future__ import annotations

import hashlib
import json
import os
import secrets
from collections.abc import Sequence
from datetime import UTC, datetime
from functools import lru_cache
from pathlib import Path
from typing import Any

import structlog

from data_contracts.errors import SteelyardError
from data_contracts.lake import Lake
from data_contracts.storage.durable_files import append_durably, write_durably
from data_contracts.storage.torn_tail import file_size, tail_start
from serving.ledger.hash_chain import (
    RECORD_ENCODER,
    LedgerDamaged,
    last_digest,
    last_record,
    locked_chain,
    read_records,
)
from serving.ledger.ledger_key import LedgerKey, PublicKey, ledger_key_path, open_ledger_key

WITNESS_VARIABLE = "STEELYARD_WITNESS"
Chains = dict[str, dict[str, Any]]
LEDGER_CHAINS = {"decisions", "heads", "answers"}


def witness_paths() -> list[Path]:
    """Files in other places that this user's checkpoints are written to as well."""
    return [Path(p) for p in os.environ.get(WITNESS_VARIABLE, "").split(os.pathsep) if p]


def lake_id(lake: Lake) -> str:
    """The name of a lake in checkpoints, made on first use; it moves with the lake."""
    path = lake.ledger_id
    if not path.exists():
        write_durably(path, secrets.token_hex(8).encode())
    return path.read_text("utf-8").strip()


def sign_checkpoint(
    lake: Lake, path: Path, chains: Chains, key: LedgerKey, witnesses: Sequence[Path]
) -> dict[str, Any]:
    """Append a signed checkpoint to its file and to each witness; returns it.

    Parameters
    ----------
    lake
        The lake that is named in it.
    path
        File of checkpoints in the lake.
    chains
        For each chain its number of `lines` and its `head`.
    key
        The key that signs.
    witnesses
        Files in other places. One that cannot be written is reported and no error: the checkpoint
        in the lake stands, and `journal witness` copies it later.
    """
    with locked_chain(path):
        before = last_record(path)
        if before and before["chains"] == chains and before["key"] == key.public.id:
            return before
        body = {
            "at": datetime.now(UTC).replace(tzinfo=None).isoformat(timespec="seconds"),
            "chains": chains,
            "key": key.public.id,
            "lake": lake_id(lake),
            "number": before["number"] + 1 if before else 1,
            "previous": before["sha256"] if before else "",
        }
        text = RECORD_ENCODER.encode(body).encode()
        checkpoint = body | {
            "sha256": hashlib.sha256(text).hexdigest(),
            "signature": key.sign(text),
        }
        append_durably(path, checkpoint_line(checkpoint))
    for witness in witnesses:
        try:
            _tell_witness(path, witness, checkpoint)
        except OSError as error:
            structlog.get_logger().error(
                "witness not written", witness=str(witness), error=error.strerror
            )
    return checkpoint


def sign_night(lake: Lake, key: LedgerKey) -> None:
    """Sign the ledger of decisions as its last head describes it, and what people decided.

    Raises OSError.
    """
    heads = read_records(lake.decision_heads)
    chains = people_chains(lake)
    if heads:
        chains |= {
            "decisions": {"lines": heads[-1]["lines"], "head": heads[-1]["head"]},
            "heads": {"lines": len(heads), "head": heads[-1]["sha256"]},
        }
    if chains:
        sign_checkpoint(lake, lake.decision_checkpoints, chains, key, witness_paths())


def sign_act(lake: Lake, person: LedgerKey | None) -> None:
    """Sign what people decided so far, at once after an act, and tell each witness.

    The key of the ledger signs where this user has the one that signs the lake, else that of the
    person. Without either the act waits for the next night. A failure is reported and undoes no
    act (ADR-0391).
    """
    try:
        key, chains = _key_of_lake(lake) or person, people_chains(lake)
        if key is not None and chains:
            sign_checkpoint(lake, lake.act_checkpoints, chains, key, witness_paths())
    except (OSError, SteelyardError) as error:
        structlog.get_logger().error("act not signed", error=str(error))


def _key_of_lake(lake: Lake) -> LedgerKey | None:
    """The ledger's key of this user, where it signs this lake or nothing was signed yet."""
    if not ledger_key_path().exists():
        return None
    key = open_ledger_key(lake)
    last = [last_record(p) for p in (lake.decision_checkpoints, lake.answer_checkpoints)]
    signed_by = {c["key"] for c in last if c is not None}
    return key if not signed_by or key.public.id in signed_by else None


def people_chains(lake: Lake) -> Chains:
    """Number of lines and head of each record of what people decided, by its name.

    A damaged record is named and left out, so that the others are signed. Raises OSError.
    """
    chains: Chains = {}
    for path in lake.people_records():
        found = path.stat()
        try:
            lines, head = _chain_end(path, found.st_size, found.st_mtime_ns)
        except LedgerDamaged as error:
            structlog.get_logger().error("record not signed", error=str(error))
            continue
        if lines:
            chains[path.stem] = {"lines": lines, "head": head}
    return chains


def lacks_signed_lines(lake: Lake, path: Path) -> bool:
    """Whether a record of people lacks lines that a checkpoint of the lake states (ADR-0393).

    Signatures are left to `journal verify`: a false statement only withholds trust.
    """
    try:
        last = last_record(lake.answer_checkpoints)
        signed = [
            c for p in (lake.decision_checkpoints, lake.act_checkpoints) for c in read_records(p)
        ]
        statements = [c["chains"].get(path.stem) for c in (*signed, *([last] if last else []))]
        longest = max((s for s in statements if s), key=lambda s: s["lines"], default=None)
        if longest is None:
            return False
        records = read_records(path)
        lines = longest["lines"]
        return len(records) < lines or records[lines - 1]["sha256"] != longest["head"]
    except (LedgerDamaged, OSError, KeyError, TypeError, AttributeError):
        return True


@lru_cache(maxsize=256)
def _chain_end(path: Path, _size: int, _changed: int) -> tuple[int, str]:
    """Whole lines of a chained file and its last digest; a service asks every few seconds."""
    end = tail_start(path)
    return path.read_bytes()[:end].count(b"\n"), last_digest(path, end)


def checkpoint_line(checkpoint: dict[str, Any]) -> bytes:
    """The line of a checkpoint."""
    return (json.dumps(checkpoint, sort_keys=True, ensure_ascii=False) + "\n").encode()


def _tell_witness(path: Path, witness: Path, checkpoint: dict[str, Any]) -> None:
    """Append a new checkpoint to a witness, and those before it that it lacks. Raises OSError."""
    with locked_chain(witness):
        last = last_record(witness)
        if last is not None and last["sha256"] == checkpoint["previous"]:
            append_durably(witness, checkpoint_line(checkpoint))
            return
    copy_to_witness(path, witness)


def copy_to_witness(path: Path, witness: Path) -> int:
    """Append the checkpoints of a file that a witness lacks; returns how many. Raises OSError."""
    with locked_chain(witness):
        known = {c["sha256"] for c in read_records(witness)}
        missing = [c for c in read_records(path) if c["sha256"] not in known]
        if missing:
            append_durably(witness, b"".join(map(checkpoint_line, missing)))
    return len(missing)


def signature_fault(
    checkpoint: dict[str, Any],
    trusted: Sequence[PublicKey],
    people: Sequence[PublicKey] = (),
) -> str | None:
    """The fault of a checkpoint itself; None where a trusted key signed it.

    A key of `people` is trusted for what people decided, not for decisions of nights or answers.
    """
    if not LEDGER_CHAINS & checkpoint["chains"].keys():
        trusted = [*trusted, *people]
    body = {k: v for k, v in checkpoint.items() if k not in ("sha256", "signature")}
    text = RECORD_ENCODER.encode(body).encode()
    if hashlib.sha256(text).hexdigest() != checkpoint.get("sha256"):
        return "was edited: its digest is another"
    key = next((k for k in trusted if k.id == checkpoint.get("key")), None)
    if key is None:
        return f"is signed by key {checkpoint.get('key')}, which is not trusted here"
    if not key.checks(text, checkpoint.get("signature", "")):
        return "is not signed by its key"
    return None


def read_checkpoints(path: Path) -> list[dict[str, Any]]:
    """Checkpoints of a file, oldest first; none where there is no file."""
    return read_records(path) if file_size(path) else []
