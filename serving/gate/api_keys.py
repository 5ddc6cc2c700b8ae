"""API keys with scopes. The lake keeps their digests only."""

from __future__ import annotations

import hashlib
import json
import secrets

from data_contracts.errors import LakeProblem
from data_contracts.lake import Lake, LakeOrFolder

KEY_SCOPES = {"boost", "minutes", "read"}


def make_key(lake: LakeOrFolder, name: str, scopes: list[str]) -> str:
    """Make a key, add its digest to the lake's key file, and return the key."""
    lake = Lake.open(lake)
    if unknown := set(scopes) - KEY_SCOPES:
        raise LakeProblem(
            f"no scope is called {sorted(unknown)}. Scopes: {', '.join(sorted(KEY_SCOPES))}"
        )
    path = lake.api_keys
    path.parent.mkdir(parents=True, exist_ok=True)
    keys = json.loads(path.read_text()) if path.exists() else {}
    made = "sk_" + secrets.token_urlsafe(32)
    keys[hashlib.sha256(made.encode()).hexdigest()] = {"name": name, "scopes": sorted(scopes)}
    part = path.with_suffix(".writing")
    part.touch(mode=0o600)
    part.write_text(json.dumps(keys, indent=1))
    part.replace(path)
    return made


def scopes_of_key(keys: dict[str, dict], presented: str | None) -> set[str] | None:
    """Scopes of a presented key, None when it is unknown.

    The lookup is by digest, so that its time says nothing about the key.
    """
    if not presented:
        return None
    found = keys.get(hashlib.sha256(presented.encode()).hexdigest())
    return set(found["scopes"]) if found else None
