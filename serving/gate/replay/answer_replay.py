"""Replay of an answer: asked again of a gate that has the inputs of that moment and no others."""

from __future__ import annotations

import asyncio
import json
import os
import shutil
import tempfile
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

from data_contracts.errors import ArtefactRefused, LakeProblem
from data_contracts.lake import Lake
from serving.gate.boost_check import GateState, boost_check
from serving.gate.dependencies.minute_store import MinuteStoreUnavailable
from serving.gate.replay.kept_inputs import KeptInputs
from serving.gate.requests import parse_request
from serving.gate.schemas import BoostRequest
from serving.ledger.answer_export import recorded_answer
from serving.ledger.hash_chain import LedgerDamaged, read_records
from serving.oversight.policies.policy_record import parsed_policy, recorded_policies
from serving.policy.load import BadPolicy, load_policy
from serving.policy.schema import Policy
from serving.scoring.nightly_models import LIVE_MODEL
from training.release.artefact import load

NOT_LINKED = {"runs", "journal", "online"}
MAX_MINUTES = 2881  # of one session
OpenGate = Callable[[Lake, Policy, datetime], GateState]


@dataclass(frozen=True)
class ReplayedAnswer:
    """Result of a replay.

    Attributes
    ----------
    request_id
        The request.
    stands
        Whether the answer is the same bit for bit.
    gone
        Inputs that are not there any more; nothing was computed then.
    differing
        Fields of the answer that differ.
    """

    request_id: str
    stands: bool
    gone: list[str] = field(default_factory=list)
    differing: list[str] = field(default_factory=list)


@dataclass(frozen=True)
class _KeptMinutes:
    """A store that knows the minutes of one session as they were seen."""

    operator: str
    blob: bytes | None
    is_down: bool
    remote: bool = False

    def get(self, sessions: list[str]) -> list[tuple[str, bytes] | None]:
        """The minutes that were seen, for any session."""
        if self.is_down:
            raise MinuteStoreUnavailable("the store did not answer then")
        return [None if self.blob is None else (self.operator, self.blob) for _ in sessions]


def replay_answer(
    lake: Lake, request_id: str, models: Path | None, policy: Policy, *, open_gate: OpenGate
) -> ReplayedAnswer:
    """Compute an answer again from its kept inputs and compare it.

    Parameters
    ----------
    lake, request_id
        The lake, and the request whose answer is replayed.
    models
        Folder of the releases; None where the shipped prior answered.
    policy
        The policy that is tried first; then those of the night, of the record and of the package.
    open_gate
        Opens a gate on a lake at a moment.

    Raises
    ------
    LakeProblem
        The request was never answered here, or by a version that kept no inputs.
    """
    record = recorded_answer(lake, request_id)
    if "policy_sha256" not in record:
        raise LakeProblem(f"the answer to {request_id} is of a version that kept no inputs")
    given, day = json.loads(record["answer"]), record["answered_at"][:10]
    inputs, gone = KeptInputs(lake.inputs), []
    body = inputs.find(record["request_sha256"], day)
    blob = record["minutes_sha256"] and inputs.find(record["minutes_sha256"], day)
    gone += [] if body is not None else ["the body of the request"]
    gone += [] if blob is not None or not record["minutes_sha256"] else ["the minutes as seen"]
    night = lake.run(record["run_id"])
    gone += [] if night.is_dir() else [f"the night {record['run_id']}"]
    found = next((p for p in _policies(lake, night, policy) if _is(p, record)), None)
    gone += [] if found is not None else [f"the policy {record['policy_sha256'][:12]}"]
    version = record["live_version"]
    try:
        live = load(models, LIVE_MODEL, version) if version else None
    except ArtefactRefused:
        gone.append(f"the live model {version}")
    if gone or body is None or found is None:
        return ReplayedAnswer(request_id, False, gone)
    with tempfile.TemporaryDirectory() as temporary:
        then = _lake_of_then(lake, Path(temporary), record)
        gate = open_gate(then, found, datetime.fromisoformat(record["answered_at"]))
        gate.live = live
        is_down = "store_down" in given["degradedBy"]
        gate.minutes = _KeptMinutes(record["operator_id"], blob or None, is_down)  # type: ignore[assignment]
        gate.__post_init__()
        if "minutes_lost" in given["degradedBy"]:  # more had been received than were there
            gate.assessments.received[str(record["session_id"])] = MAX_MINUTES
        asked = boost_check(gate, parse_request(BoostRequest, body), body)
        with ThreadPoolExecutor(1) as thread:  # a notebook's own loop already runs in this one
            answer = thread.submit(asyncio.run, asked).result()
    again = json.loads(answer)
    differing = [k for k in sorted(given.keys() | again.keys()) if given.get(k) != again.get(k)]
    return ReplayedAnswer(request_id, answer.decode() == record["answer"], [], differing)


def _policies(lake: Lake, night: Path, first: Policy) -> Iterator[Policy]:
    """Policies by which an answer may have been given; those that cannot be read are left out."""
    yield first
    of_night = [night / "policy.toml"] if night.is_dir() else []
    for path in (*of_night, None):  # None is that of the package
        with suppress(BadPolicy):
            yield load_policy(path)
    with suppress(LedgerDamaged):
        for recorded in recorded_policies(lake):
            with suppress(BadPolicy):
                yield parsed_policy(recorded)


def _is(policy: Policy, record: dict[str, Any]) -> bool:
    """Whether an answer was given by a policy."""
    return policy.sha256 == record["policy_sha256"]


def _link_or_copy(source: str, target: str) -> None:
    """A file of a run in another place: readers of runs follow no symbolic link."""
    try:
        os.link(source, target)
    except OSError:
        shutil.copyfile(source, target)


def _lake_of_then(lake: Lake, folder: Path, record: dict[str, Any]) -> Lake:
    """A lake whose only night is that of an answer, with the measures that were known then."""
    then, root = Lake(folder), lake.root.resolve()
    for path in root.iterdir():
        if path.name not in NOT_LINKED:
            (folder / path.name).symlink_to(path)
    then.runs.mkdir()
    run = record["run_id"]
    shutil.copytree(lake.run(run), then.run(run), copy_function=_link_or_copy)
    if lake.run_heads.exists():
        then.run_heads.symlink_to(root / "runs" / lake.run_heads.name)
    heads = read_records(lake.decision_heads)
    dates = [h["date"] for h in heads if h["run_id"] == record["run_id"]]
    then.published_pointer.write_text(json.dumps({dates[-1]: record["run_id"]} if dates else {}))
    then.journal.mkdir()
    known = {lake.measures.name: 0, lake.appeals.name: 0} | record["decisions_bytes"]
    signed_later = (lake.act_checkpoints.parent, lake.decision_checkpoints)
    for path in lake.journal.iterdir():
        if path in signed_later:
            continue
        if path.name in known:
            (then.journal / path.name).write_bytes(path.read_bytes()[: known[path.name]])
        else:
            (then.journal / path.name).symlink_to(path.resolve())
    return then
