"""The key file of a lake: digests, names, scopes and lifetimes, never a key.

The file is private to its owner, has a digest of its content and is replaced as a whole. A
change is made under its lock.
"""

from __future__ import annotations

import fcntl
import hashlib
import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from typing import Any

from data_contracts.errors import LakeProblem
from data_contracts.lake import Lake, LakeOrFolder

KEY_SCOPES = {"boost", "minutes", "read"}
KEY_FILE_FORMAT = 2  # format 1 was the keys alone, without a digest
KEY_ID_CHARACTERS = 8  # of the digest, by which keys of one name are told apart


class KeysDamaged(LakeProblem):
    """The key file is not what a maker of keys wrote."""


@dataclass(frozen=True)
class ApiKey:
    """One key as the lake knows it: never the key itself.

    Parameters
    ----------
    digest
        SHA-256 of the key, in hexadecimal.
    name
        Holder of the key. Several keys may have one name.
    scopes
        Subset of `KEY_SCOPES`.
    made
        Moment at which it was made, UTC without a zone; None for a key of an earlier version.
    expires
        Moment from which it is refused, UTC without a zone; None when it does not expire.
    """

    digest: str
    name: str
    scopes: frozenset[str]
    made: datetime | None = None
    expires: datetime | None = None

    @property
    def id(self) -> str:
        """The first characters of the digest; they say nothing about the key."""
        return self.digest[:KEY_ID_CHARACTERS]

    def has_expired(self, now: datetime) -> bool:
        """Whether the key is refused at a moment because of its age."""
        return self.expires is not None and now >= self.expires


def _as_json(key: ApiKey) -> dict[str, Any]:
    return {
        "name": key.name,
        "scopes": sorted(key.scopes),
        "made": key.made and key.made.isoformat(),
        "expires": key.expires and key.expires.isoformat(),
    }


def _moment(text: str | None) -> datetime | None:
    moment = None if text is None else datetime.fromisoformat(text)
    if moment is not None and moment.tzinfo is not None:
        raise ValueError("moments are in UTC without a zone")
    return moment


def _content_digest(keys: dict[str, Any]) -> str:
    return hashlib.sha256(json.dumps(keys, sort_keys=True).encode()).hexdigest()


def parse_keys(text: bytes) -> dict[str, ApiKey]:
    """Keys of a key file by digest. Raises KeysDamaged."""
    try:
        whole = json.loads(text)
        keys = whole
        if "format" in whole:
            keys = whole["keys"]
            if whole["format"] != KEY_FILE_FORMAT or whole["sha256"] != _content_digest(keys):
                raise ValueError("its digest is not that of its content")
        found = {
            digest: ApiKey(
                bytes.fromhex(digest).hex(),
                str(entry["name"]),
                frozenset(entry["scopes"]) & KEY_SCOPES,
                _moment(entry.get("made")),
                _moment(entry.get("expires")),
            )
            for digest, entry in keys.items()
        }
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        raise KeysDamaged(
            "the key file is damaged and opens to nobody. Put a copy of it back, or move it away "
            "and make new keys: steelyard key LAKE --name NAME"
        ) from error
    return found


def read_keys(lake: LakeOrFolder) -> list[ApiKey]:
    """All keys of a lake in order of name, expired ones too. Raises KeysDamaged."""
    path = Lake.open(lake).api_keys
    keys = parse_keys(path.read_bytes()).values() if path.exists() else []
    return sorted(keys, key=lambda key: (key.name, key.made or datetime.min, key.digest))


def digest_of_key(presented: str) -> str:
    """The digest by which a key is looked up, so that its time says nothing about the key."""
    return hashlib.sha256(presented.encode()).hexdigest()


def last_use_days(lake: LakeOrFolder) -> dict[str, date]:
    """Digest of a key → day of its last use, as far as a gate wrote it down."""
    try:
        days = json.loads(Lake.open(lake).key_use.read_bytes())
        return {digest: date.fromisoformat(day) for digest, day in days.items()}
    except (OSError, ValueError, TypeError, AttributeError):
        return {}  # a note for people; no key depends on it


def write_private(path: Path, text: str) -> None:
    """Replace a file by one that only its owner reads, and put file and folder on disk."""
    part = path.with_name(f"{path.name}.{os.getpid()}.writing")
    part.unlink(missing_ok=True)
    try:
        descriptor = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "w") as handle:
            handle.write(text)
            handle.flush()
            os.fsync(handle.fileno())
        part.replace(path)
    finally:
        part.unlink(missing_ok=True)
    folder = os.open(path.parent, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)


@contextmanager
def locked_keys(lake: Lake, wait: bool = True) -> Iterator[None]:
    """Hold the lock of a lake's key files. Raises BlockingIOError where it may not wait."""
    lake.online.mkdir(parents=True, exist_ok=True)
    handle = os.open(lake.key_lock, os.O_RDWR | os.O_CREAT, 0o600)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | (0 if wait else fcntl.LOCK_NB))
        yield
    finally:
        os.close(handle)


@contextmanager
def changed_keys(lake: Lake) -> Iterator[dict[str, ApiKey]]:
    """Keys by digest under the lock; they are written when the block ends without an error."""
    with locked_keys(lake):
        keys = {key.digest: key for key in read_keys(lake)}
        before = dict(keys)
        yield keys
        if keys != before:
            content = {key.digest: _as_json(key) for key in keys.values()}
            whole = {
                "format": KEY_FILE_FORMAT,
                "keys": content,
                "sha256": _content_digest(content),
            }
            write_private(lake.api_keys, json.dumps(whole, indent=1))
