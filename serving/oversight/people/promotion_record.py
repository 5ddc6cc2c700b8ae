"""The record of promotions: in the lake, where it is signed, and with the releases.

`LAKE/journal/promotions.jsonl` has what was judged on that lake, `MODELS/promotions.jsonl` what
became champion of those releases. A promotion that a person let pass is an act of that person.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from data_contracts.lake import Lake
from serving.ledger.hash_chain import (
    LedgerDamaged,
    append_record,
    first_broken_line,
    read_records,
)
from serving.ledger.verification import Finding
from serving.oversight.people.roster import APPROVER
from serving.oversight.people.signers import Author, act_author, record_act

Record = dict[str, Any]
SEALS = ("signed", "sha256", "previous_sha256")


def promotions_path(models: Path) -> Path:
    """The chained promotions of a folder of releases."""
    return models / "promotions.jsonl"


def require_approver(lake: Lake, by: Author) -> str:
    """Name of who may let rows pass that are not judged. Raises NotAuthenticated."""
    return act_author(lake, by, lake.promotions, (APPROVER,)).name


def record_promotion(lake: Lake, models: Path, record: Record, by: Author | None = None) -> None:
    """Record a promotion in the lake and with the releases, signed where a person let it pass.

    Raises NotAuthenticated.
    """
    author = None if by is None else act_author(lake, by, lake.promotions, (APPROVER,))
    line = record if author is None else record | {"by": author.name}
    record_act(lake, lake.promotions, line, author)
    append_record(promotions_path(models), line)


def verify_promotions(lake: Lake, models: Path) -> list[Finding]:
    """Lines of the releases that do not follow, and promotions of the lake that they lack."""
    path = promotions_path(models)
    if path.exists() and (broken := first_broken_line(path)):
        return [Finding(str(path), broken, "does not follow from the line before")]
    try:
        kept = [_body(r) for r in read_records(path)]
        judged = [_body(r) for r in read_records(lake.promotions)]
    except LedgerDamaged as error:
        return [Finding(str(path), 0, str(error))]
    return [
        Finding(str(path), len(kept), f"lacks the promotion of {r['model']} {r['version']}")
        for r in judged
        if r not in kept and (models / r["model"] / r["version"]).is_dir()
    ]


def _body(record: Record) -> Record:
    return {k: v for k, v in record.items() if k not in SEALS}
