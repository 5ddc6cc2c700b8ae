"""Every way in which the record of decisions can be changed, at many places: how many are found."""

from __future__ import annotations

import json
import shutil
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.harness.figures import row
from data_contracts.runs import run_folder
from serving.ledger.decisions import recorded_heads
from serving.ledger.hash_chain import GENESIS_DIGEST, seal_record
from serving.ledger.verification import verify_decisions

COMMAND = "make bench"
TRIALS_PER_KIND = 20


def _edited(lines: list[str], i: int) -> list[str]:
    one = json.loads(lines[i])
    return [
        *lines[:i],
        json.dumps(
            one | {"tier": "A" if one["tier"] != "A" else "D"}, sort_keys=True, ensure_ascii=False
        ),
        *lines[i + 1 :],
    ]


def _resealed(lines: list[str], i: int) -> list[str]:
    """Edited, and every digest from there on made to fit: the chain itself stands."""
    out, head = [], GENESIS_DIGEST
    for line in _edited(lines, i):
        body = {k: v for k, v in json.loads(line).items() if k not in ("previous_sha256", "sha256")}
        sealed = seal_record(body, head)
        head = sealed["sha256"]
        out.append(json.dumps(sealed, sort_keys=True, ensure_ascii=False))
    return out


def _swapped(lines: list[str], i: int) -> list[str]:
    j = (i + 1) % len(lines)
    a, b = min(i, j), max(i, j)
    return [*lines[:a], lines[b], *lines[a + 1 : b], lines[a], *lines[b + 1 :]]


WAYS: dict[str, Callable[[list[str], int], list[str]]] = {
    "edited": _edited,
    "edited and resealed": _resealed,
    "deleted": lambda lines, i: lines[:i] + lines[i + 1 :],
    "moved": _swapped,
    "truncated": lambda lines, i: lines[:i],
    "repeated": lambda lines, i: [*lines[:i], lines[i], *lines[i:]],
}


def rows(lake: Path, say: Any) -> list[dict[str, Any]]:
    """Tamper with a copied ledger in each way, with published files, and with everything."""
    say("tampering with the record")
    rng, tried, found = np.random.default_rng(3), 0, 0
    missed: list[str] = []
    with tempfile.TemporaryDirectory() as temporary:
        copy = Path(temporary) / "lake"
        shutil.copytree(
            lake, copy, ignore=shutil.ignore_patterns("views", "interactions", "online")
        )
        path = copy / "journal" / "decisions.jsonl"
        whole = path.read_text("utf-8")
        lines, kept = whole.splitlines(), recorded_heads(copy)
        if verify_decisions(copy):
            raise RuntimeError("the record does not stand before anything was done to it")
        for name, way in WAYS.items():
            for i in rng.integers(0, len(lines), TRIALS_PER_KIND):
                path.write_text("".join(x + "\n" for x in way(lines, int(i))), "utf-8")
                tried += 1
                good = bool(verify_decisions(copy))
                found += good
                missed += [] if good else [f"{name} at line {i + 1}"]
        path.write_text(whole, "utf-8")
        for file in sorted(run_folder(copy).glob("*.parquet")):
            body = file.read_bytes()
            at = int(rng.integers(0, len(body)))
            file.write_bytes(body[:at] + bytes([body[at] ^ 1]) + body[at + 1 :])
            tried += 1
            good = any(file.name in f.file for f in verify_decisions(copy))
            found += good
            missed += [] if good else [file.name]
            file.write_bytes(body)
        tried += 1
        good = _rewritten(copy, kept)
        found += good
        missed += [] if good else ["everything rewritten, outside heads kept"]
    share = found / tried
    return [
        row(
            "tampering",
            f"Tamperings found, of {tried}: lines edited, edited and resealed, "
            f"deleted, moved, truncated, repeated ({TRIALS_PER_KIND} places each), "
            "each published table with a bit turned, and a record rewritten whole "
            "with its heads, against the heads kept outside",
            share,
            COMMAND,
            "1",
            holds=share == 1,
            why="; ".join(missed[:5]) or None,
        )
    ]


def _rewritten(lake: Path, kept: dict[str, str]) -> bool:
    """Whether a ledger rewritten with all its heads differs from the heads that MLflow keeps."""
    path, heads = lake / "journal" / "decisions.jsonl", lake / "journal" / "heads.jsonl"
    lines = _resealed(path.read_text("utf-8").splitlines(), 0)
    path.write_text("".join(x + "\n" for x in lines), "utf-8")
    out, before = [], GENESIS_DIGEST
    for line in heads.read_text("utf-8").splitlines():
        head = {k: v for k, v in json.loads(line).items() if k not in ("previous_sha256", "sha256")}
        sealed = seal_record(
            head | {"head": json.loads(lines[head["lines"] - 1])["sha256"]}, before
        )
        before = sealed["sha256"]
        out.append(json.dumps(sealed, sort_keys=True, ensure_ascii=False))
        (lake / "runs" / ".heads" / f"{sealed['run_id']}.json").write_text(out[-1], "utf-8")
    heads.write_text("".join(x + "\n" for x in out), "utf-8")
    if verify_decisions(lake):
        return True
    return recorded_heads(lake) != kept
