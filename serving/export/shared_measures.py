"""Joint punishment: measures exchanged with other platforms as signed lists with reason codes.

An imported entry is a warning. It can raise supervision to a floor and is no verdict of ours. A
pseudonym of another platform names no operator here. An entry has a floor only where it is matched,
by an agreed key or because both platforms use the same ids (ADR-0304).
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from data_contracts.errors import SteelyardError
from data_contracts.lake import Lake, LakeOrFolder
from serving.export.matchable_identity import METHOD, AgreedIdentities
from serving.export.signing import sign, signature_is_valid
from serving.ledger.hash_chain import append_record, read_records
from serving.oversight.measures.manual_measures import list_measures
from serving.oversight.measures.state import IN_FORCE, OPERATOR

FORMAT = "steelyard.joint-punishment/2"
FORMATS = ("steelyard.joint-punishment/1", FORMAT)
CANNOT_BE_MATCHED = "cannot be matched: no registration numbers and agreed key were given"
SHARED_FIELDS = (
    "operator_id",
    "code",
    "article",
    "policy_version",
    "effective_from",
    "effective_to",
    "appeal_route",
    "appeal_due",
    "outcome",
)


MAX_LIST_BYTES = 64 * 1024 * 1024


@dataclass(frozen=True)
class Imported:
    """Counts of a list: entries that are new, and those of them that name an operator here."""

    new: int
    matched: int


class BadExchange(SteelyardError):
    """A list of joint punishments cannot be imported."""

    exit_code = 12


def _without_duplicates(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """An object; ValueError where a key is there twice, because readers differ on which counts."""
    found = dict(pairs)
    if len(found) != len(pairs):
        raise ValueError("a key is there twice")
    return found


def _require_entry(entry: dict[str, Any]) -> None:
    """Raise ValueError or TypeError for an entry that this product does not write."""
    for name in ("operator_id", "code", "record", "effective_from", "effective_to"):
        if not isinstance(entry[name], str) or not entry[name]:
            raise TypeError(f"{name} of an entry is no text")
    for name in ("effective_from", "effective_to"):
        datetime.fromisoformat(entry[name])
    codes = entry["reason_codes"]
    if not isinstance(codes, list) or not all(isinstance(c, str) for c in codes):
        raise TypeError("reason_codes of an entry are no list of texts")


def _canonical_json(body: dict[str, Any]) -> bytes:
    return json.dumps(body, sort_keys=True, ensure_ascii=False).encode()


def export_measures(
    folder: LakeOrFolder,
    target: Path,
    issuer: str,
    now: datetime,
    identities: AgreedIdentities | None = None,
) -> int:
    """Write the measures in force that people took as a signed list; returns their number.

    Operators keep their pseudonyms, and have an identity where `identities` are given. Reason codes
    and the article are included, signals are not.
    """
    lake = Lake.open(folder)
    entries = [
        {k: m[k] for k in SHARED_FIELDS}
        | {
            "reason_codes": [s["signal"] for s in m["signals"]],
            "record": m["measure_id"],
            "run_id": m["run_id"],
            "identity": None if identities is None else identities.identity_of(m["operator_id"]),
        }
        for m in list_measures(lake, now)
        if m["status"] == IN_FORCE and m["subject_kind"] == OPERATOR
    ]
    body = {
        "format": FORMAT,
        "issuer": issuer,
        "issued_at": now.isoformat(timespec="seconds"),
        "matching": CANNOT_BE_MATCHED if identities is None else METHOD,
        "identity_key": None if identities is None else identities.key_id,
        "entries": entries,
    }
    part = target.with_suffix(".writing")
    part.write_text(
        json.dumps(
            body | {"signature": sign(lake, _canonical_json(body))}, indent=1, ensure_ascii=False
        ),
        "utf-8",
    )
    part.replace(target)
    return len(entries)


def import_warnings(
    folder: LakeOrFolder,
    source: Path,
    trusted: str,
    now: datetime,
    *,
    identities: AgreedIdentities | None = None,
    same_ids: bool = False,
) -> Imported:
    """Import a signed list, and match its entries with operators here.

    Parameters
    ----------
    folder
        The lake.
    source, trusted
        The list, and the public key that must have signed it.
    now
        The moment of the import.
    identities
        Registration numbers here, and the key agreed with the issuer.
    same_ids
        Both platforms use the same operator ids.

    Raises
    ------
    BadExchange
        The file is no such list, not signed by the trusted key, or its identities are made with
        another key. Nothing is written then.
    """
    lake = Lake.open(folder)
    try:
        if source.stat().st_size > MAX_LIST_BYTES:
            raise ValueError(f"it has more than {MAX_LIST_BYTES:,} bytes")
        given = json.loads(source.read_text("utf-8"), object_pairs_hook=_without_duplicates)
        signature = given.pop("signature")
        entries = [
            {k: e[k] for k in (*SHARED_FIELDS, "reason_codes", "record")}
            | ({"identity": e["identity"]} if e.get("identity") else {})
            for e in given["entries"]
        ]
        issuer, issued_at = given["issuer"], given["issued_at"]
        datetime.fromisoformat(issued_at)
        for entry in entries:
            _require_entry(entry)
    except (OSError, ValueError, LookupError, TypeError, AttributeError, RecursionError) as error:
        raise BadExchange(
            f"{source} is no list of joint punishments ({FORMAT}): {error!r}"
        ) from error
    if given.get("format") not in FORMATS:
        raise BadExchange(f"{source}: format {given.get('format')!r}; this reads {FORMATS}")
    if not signature_is_valid(_canonical_json(given), signature, trusted):
        raise BadExchange(
            f"{source}: the signature is not by the key that you trust; "
            "get the issuer's public key and pass it with --trust"
        )
    made_with = given.get("identity_key")
    if identities is not None and made_with not in (None, identities.key_id):
        raise BadExchange(
            f"{source}: its identities are made with key {made_with}, and yours is "
            f"{identities.key_id}; agree on one key"
        )
    path = lake.warnings
    seen = {r["digest"] for r in read_records(path)}
    new = matched = 0
    for e in entries:
        digest = hashlib.sha256(_canonical_json({"issuer": issuer, **e})).hexdigest()
        if digest in seen:
            continue
        provenance = {
            "issuer": issuer,
            "issued_at": issued_at,
            "public_key": trusted,
            "matched_operator_id": _operator_here(e, identities, same_ids),
        }
        append_record(
            path,
            e | provenance | {"digest": digest, "imported_at": now.isoformat(timespec="seconds")},
        )
        new += 1
        matched += provenance["matched_operator_id"] is not None
    return Imported(new, matched)


def _operator_here(
    entry: dict[str, Any], identities: AgreedIdentities | None, same_ids: bool
) -> str | None:
    """The operator here that an entry names; None where it cannot be matched."""
    if identities is not None and entry.get("identity"):
        return identities.operator_of(entry["identity"])
    return str(entry["operator_id"]) if same_ids else None
