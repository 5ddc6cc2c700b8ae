"""API keys with scopes: made, listed, rotated and revoked. The lake keeps their digests only."""

from __future__ import annotations

import secrets
from dataclasses import replace
from datetime import datetime, timedelta

from data_contracts.errors import LakeProblem
from data_contracts.lake import Lake, LakeOrFolder
from serving.gate.protocol.key_file import KEY_SCOPES, ApiKey, changed_keys, digest_of_key


def _new_key(name: str, scopes: frozenset[str], made: datetime | None) -> tuple[str, ApiKey]:
    text = "sk_" + secrets.token_urlsafe(32)
    return text, ApiKey(digest_of_key(text), name, scopes, made)


def make_key(
    lake: LakeOrFolder,
    name: str,
    scopes: list[str],
    *,
    made: datetime | None = None,
    expires: datetime | None = None,
) -> str:
    """Make a key, add its digest to the lake's key file, and return the key.

    Parameters
    ----------
    lake
        The lake that a gate serves.
    name
        Holder of the key.
    scopes
        One or more of `KEY_SCOPES`.
    made, expires
        Moments in UTC without a zone; a key without `expires` holds until it is revoked.

    Raises
    ------
    LakeProblem
        A scope is unknown, the key would expire before it is made, or the file is damaged.
    """
    lake = Lake.open(lake)
    if unknown := set(scopes) - KEY_SCOPES:
        raise LakeProblem(
            f"no scope is called {sorted(unknown)}. Scopes: {', '.join(sorted(KEY_SCOPES))}"
        )
    if made is not None and expires is not None and expires <= made:
        raise LakeProblem(f"a key that expires at {expires:%Y-%m-%d %H:%M} UTC has expired already")
    text, key = _new_key(name, frozenset(scopes), made)
    with changed_keys(lake) as keys:
        keys[key.digest] = replace(key, expires=expires)
    return text


def _named(keys: dict[str, ApiKey], name: str) -> list[ApiKey]:
    """Keys of a name, or the key of an id. Raises LakeProblem when there is none."""
    found = [key for key in keys.values() if name in (key.name, key.id)]
    if not found:
        raise LakeProblem(f"no key is called {name}. List them: steelyard keys LAKE")
    return found


def revoke_keys(lake: LakeOrFolder, name: str) -> list[ApiKey]:
    """Remove the keys of a name, or the key of an id; a running gate refuses its next request."""
    with changed_keys(Lake.open(lake)) as keys:
        found = _named(keys, name)
        for key in found:
            del keys[key.digest]
    return found


def rotate_key(
    lake: LakeOrFolder, name: str, now: datetime, overlap: timedelta
) -> tuple[str, ApiKey]:
    """Make a key with the scopes and the lifetime of the newest of a name; returns it.

    The keys before it expire after `overlap`, so that callers can change over.
    """
    with changed_keys(Lake.open(lake)) as keys:
        valid = [key for key in _named(keys, name) if not key.has_expired(now)]
        if not valid:
            raise LakeProblem(f"every key called {name} has expired. Make one: steelyard key LAKE")
        newest = max(valid, key=lambda key: key.made or datetime.min)
        text, made = _new_key(newest.name, newest.scopes, now)
        if newest.expires is not None and newest.made is not None:
            made = replace(made, expires=now + (newest.expires - newest.made))
        ends = now + overlap
        for key in valid:
            keys[key.digest] = replace(key, expires=min(key.expires or ends, ends))
        keys[made.digest] = made
    return text, made
