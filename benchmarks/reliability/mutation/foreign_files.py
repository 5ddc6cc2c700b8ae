"""Files of another party: an evidence package and a shared list, signed by a lake."""

from __future__ import annotations

import hashlib
import json
import zipfile
from pathlib import Path

from data_contracts.lake import Lake
from serving.export.shared_measures import FORMAT
from serving.export.signing import sign

PACKAGE, LIST = "case.zip", "list.json"
ENTRY = {
    "operator_id": "o1",
    "code": "block",
    "article": "1",
    "policy_version": "2026.1",
    "effective_from": "2026-01-20T00:00:00",
    "effective_to": "2026-02-20T00:00:00",
    "appeal_route": "by mail",
    "appeal_due": "2026-02-01T00:00:00",
    "outcome": None,
    "reason_codes": ["flash_view_share"],
    "record": "m1",
    "run_id": "r1",
}


def write_foreign_files(lake: Lake, folder: Path) -> None:
    """Write and sign both files."""
    folder.mkdir(parents=True)
    files = {
        "README.txt": b"evidence",
        "tables/decision.csv": b"operator_id,tier\no1,D\n" * 40,
        "policy.toml": b"version = 1\n",
    }
    digests = {name: hashlib.sha256(body).hexdigest() for name, body in files.items()}
    text = json.dumps({"operator_id": "o1", "run_id": "r1", "files": digests}).encode()
    files |= {"manifest.json": text, "signature.json": json.dumps(sign(lake, text)).encode()}
    with zipfile.ZipFile(folder / PACKAGE, "w", zipfile.ZIP_DEFLATED) as package:
        for name, body in files.items():
            package.writestr(name, body)
    given = {"format": FORMAT, "issuer": "a", "issued_at": "2026-01-20T00:00:00"} | {
        "entries": [ENTRY]
    }
    signature = sign(lake, json.dumps(given, sort_keys=True, ensure_ascii=False).encode())
    (folder / LIST).write_text(json.dumps(given | {"signature": signature}), "utf-8")
