"""The evidence package of an operator: one zip that others can check without this software.

It has tables as CSV, charts as SVG, the notice, and the decision with its chain. A signed manifest
holds the SHA-256 of every file. The same night gives the same bytes, but for the signature.
"""

from __future__ import annotations

import hashlib
import json
import zipfile
from datetime import datetime
from pathlib import Path
from typing import Any

import pandas as pd

from data_contracts.errors import LakeProblem
from data_contracts.lake import Lake, LakeOrFolder
from data_contracts.runs import published_run, read_outbound
from data_contracts.verification.json_file import parse_json
from features.declaration import OPERATOR, ORDER, SESSION
from features.engine.minute_arrays import minutes_frame
from features.engine.snapshot import Snapshot
from serving.dossiers.pictures.timeline import granted_minutes, timeline
from serving.dossiers.session_minutes import suspicious_minutes
from serving.export.package_reading import read_package
from serving.export.signing import sign, signature_is_valid
from serving.ledger.hash_chain import read_records
from serving.oversight.measures.manual_measures import list_measures
from serving.pages.standalone_pictures import timeline_file
from serving.scoring.scope import moment_of

ZIP_TIMESTAMP = (1980, 1, 1, 0, 0, 0)
README = """\
Evidence about operator {operator}, night of {date}.
Check it: steelyard evidence check FILE --trust PUBLIC_KEY
manifest.json holds the SHA-256 of every file; signature.json signs manifest.json (Ed25519).
A tier and a score raise supervision; they are not a finding of guilt.\
 分级与评分只决定监管力度，不是认定。
"""


def package_files(
    folder: LakeOrFolder, operator: str, night: str | None, now: datetime
) -> dict[str, bytes]:
    """Files of the package: name → bytes; measures as they stand at a moment.

    Raises LakeProblem when nothing was published about the operator.
    """
    lake = Lake.open(folder)
    decisions = read_outbound(lake, "tier_decisions", night)
    mine = decisions[decisions["operator_id"] == operator]
    if mine.empty:
        raise LakeProblem(
            f"no decision about operator {operator} was published; "
            f"look with: steelyard show tier_decisions {folder}"
        )
    date = pd.Timestamp(mine["date"].iloc[0]).date()
    night = date.isoformat()  # another one may be published meanwhile
    measures = read_outbound(lake, "measures", night)
    measures = measures[measures["operator_id"] == operator]
    evidence = json.loads(measures["evidence"].iloc[0]) if len(measures) else {}
    ids_by_kind = {
        OPERATOR: [operator],
        SESSION: evidence.get("sessions", []),
        ORDER: evidence.get("orders", []),
    }
    out: dict[str, bytes] = {"README.txt": README.format(operator=operator, date=date).encode()}

    def table(name: str, frame: pd.DataFrame) -> None:
        out[f"tables/{name}.csv"] = frame.to_csv(index=False, lineterminator="\n").encode()

    table("decision", mine)
    table("measures", measures)
    for name in ("scores", "signals", "corrected_figures"):
        frame = read_outbound(lake, name, night)
        about = pd.Series(False, index=frame.index)
        for kind, ids in ids_by_kind.items():
            about |= (frame["entity_kind"] == kind) & frame["entity_id"].isin(ids)
        table(name, frame[about])
    for name in ("credit", "findings"):
        frame = read_outbound(lake, name, night)
        table(name, frame[frame["operator_id"] == operator])
    named = read_outbound(lake, "false_views", night)
    table("false_views", named[named["session_id"].isin(evidence.get("sessions", []))])
    members = read_outbound(lake, "ring_members", night)
    table("ring_members", members[members["ring_id"].isin(evidence.get("rings", []))])
    tables = Snapshot.open(lake, moment_of(date))
    if "orders" in tables and evidence.get("orders"):
        o = tables["orders"]
        table(
            "orders",
            o.filter(o.order_id.isin(evidence["orders"])).to_pandas().sort_values("order_id"),
        )
    if "room_minutes" in tables:
        for session in evidence.get("sessions", [])[:5]:
            minutes = minutes_frame(tables, tables.scope([session], SESSION))
            if len(minutes) > 1:
                out[f"pictures/{session}.svg"] = _picture(tables, session, minutes)
                table(f"minutes_{session}", minutes)
    by_hand = list_measures(lake, now, operator)
    out["measures_by_hand.json"] = json.dumps(by_hand, indent=1, ensure_ascii=False).encode()
    chain = [r for r in read_records(lake.decisions) if r["operator_id"] == operator]
    out["decisions_chain.json"] = json.dumps(chain, indent=1, ensure_ascii=False).encode()
    run = published_run(lake, night)
    for name, file in (("night_manifest.json", "manifest.json"), ("policy.toml", "policy.toml")):
        out[name] = (run.text(file) or "").encode()
    return out


def _picture(tables: Snapshot, session_id: str, minutes: pd.DataFrame) -> bytes:
    """The timeline of a session as an SVG file, granted causes and windows marked."""
    sessions = tables["sessions"]
    start = sessions.filter(sessions.session_id == session_id).started_at.min().execute()
    windows = suspicious_minutes(minutes).to_dict("records")
    causes = granted_minutes(minutes, start)
    drawn = timeline(minutes, start, windows=windows, causes=causes)
    return timeline_file(drawn, session_id).encode()


def pack_evidence(
    folder: LakeOrFolder, operator: str, target: Path, night: str | None, now: datetime
) -> dict[str, Any]:
    """Write the package; returns its manifest."""
    lake = Lake.open(folder)
    files = package_files(lake, operator, night, now)
    about = {
        "operator_id": operator,
        "run_id": published_run(lake, night).run_id,
        "packed_at": now.isoformat(timespec="seconds"),
    }
    return write_package(lake, files, about, target)


def write_package(
    lake: Lake, files: dict[str, bytes], about: dict[str, Any], target: Path
) -> dict[str, Any]:
    """Write files with a signed manifest, which begins with what it is about; returns it."""
    manifest = about | {
        "files": {name: hashlib.sha256(body).hexdigest() for name, body in sorted(files.items())},
    }
    text = json.dumps(manifest, indent=1, sort_keys=True, ensure_ascii=False).encode()
    whole = files | {
        "manifest.json": text,
        "signature.json": json.dumps(sign(lake, text), indent=1).encode(),
    }
    part = target.with_suffix(".writing")
    with zipfile.ZipFile(part, "w", zipfile.ZIP_DEFLATED) as z:
        for name, body in sorted(whole.items()):
            z.writestr(zipfile.ZipInfo(name, ZIP_TIMESTAMP), body, zipfile.ZIP_DEFLATED)
    part.replace(target)
    return manifest


def pack_referral(folder: LakeOrFolder, record: dict[str, Any], now: datetime) -> dict[str, Any]:
    """Pack the evidence of a recorded referral that took effect; other records stay as they are.

    The record comes first: a package without a referral would be a leak.
    """
    code = str(record.get("code", ""))
    if not code.startswith("refer_") or "effective_from" not in record or not record["operator_id"]:
        return record
    target = Lake.open(folder).evidence_package(record["measure_id"])
    if not target.exists():
        target.parent.mkdir(parents=True, exist_ok=True)
        pack_evidence(folder, record["operator_id"], target, None, now)
    return record | {"package": str(target)}


def package_faults(source: Path, trusted: str | None) -> list[str]:
    """Faults of a package; empty when every file is as it was packed and signed.

    Parameters
    ----------
    source
        The package.
    trusted
        Public key that must have signed it. Without one no signature can be trusted, and that is
        a fault: anybody can sign.
    """
    try:
        files = read_package(source)
        text, signature = (files.pop(name) for name in ("manifest.json", "signature.json"))
        mend = "Ask the sender for the package again."
        manifest = parse_json(text, f"{source}: manifest.json", mend)
        signed = parse_json(signature, f"{source}: signature.json", mend)
        digests = manifest["files"]
        if not all(isinstance(x, str) for pair in digests.items() for x in pair):
            raise TypeError("files")
    except LakeProblem as error:
        return [str(error)]
    except (KeyError, TypeError, AttributeError) as error:
        return [f"{source} is no evidence package: manifest or signature lacks {error}"]
    found = []
    if not signature_is_valid(text, signed, trusted):
        found.append("manifest.json: the signature does not hold")
    elif trusted is None:
        found.append(
            f"signature.json: signed by {signed['public_key']}, a key that was not named: anybody "
            "can sign. Get the signer's public key by another way, and pass it with --trust"
        )
    for name in sorted(set(digests) | set(files)):
        if name not in files:
            found.append(f"{name}: missing")
        elif hashlib.sha256(files[name]).hexdigest() != digests.get(name):
            found.append(f"{name}: not the file that was packed")
    return found
