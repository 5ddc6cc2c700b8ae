"""The personal key of the user of this shell: Ed25519, outside the lake, private to its user.

It lies at STEELYARD_PERSON_KEY, or in the user's folder of configuration. The lake keeps public
keys only.
"""

from __future__ import annotations

import base64
import binascii
import os
from pathlib import Path

from data_contracts.errors import SteelyardError
from data_contracts.lake import Lake
from serving.ledger.ledger_key import LedgerKey, PublicKey, make_key_file, read_private_key

KEY_VARIABLE = "STEELYARD_PERSON_KEY"
OTHERS_MASK = 0o077  # permissions of group and others


class NotAuthenticated(SteelyardError):
    """An act carries no signature of a person who may do it."""

    exit_code = 19


def personal_key_path() -> Path:
    """The path of this user's personal key."""
    named = os.environ.get(KEY_VARIABLE)
    if named:
        return Path(named)
    home = os.environ.get("XDG_CONFIG_HOME") or Path("~/.config").expanduser()
    return Path(home) / "steelyard" / "person.key"


def make_personal_key() -> LedgerKey:
    """The personal key of this user, made where there is none. Raises NotAuthenticated."""
    path = personal_key_path()
    if not path.exists():
        try:
            make_key_file(path)
        except OSError as error:
            raise NotAuthenticated(
                f"no personal key can be made at {path} ({error.strerror}); "
                f"name a place for it in {KEY_VARIABLE}"
            ) from error
    return open_personal_key()


def open_personal_key(lake: Lake | None = None) -> LedgerKey:
    """The personal key of this user.

    Raises
    ------
    NotAuthenticated
        There is none, it lies in the lake, or others than its user may read it.
    """
    path = personal_key_path()
    if lake is not None and path.resolve().is_relative_to(lake.root.resolve()):
        raise NotAuthenticated(
            f"the personal key {path} lies in the lake, where others can read it; move it and "
            f"name its place in {KEY_VARIABLE}"
        )
    try:
        found = path.stat()
        if found.st_mode & OTHERS_MASK or found.st_uid not in (os.getuid(), 0):
            raise NotAuthenticated(
                f"the personal key {path} is not private to this user: chmod 600 {path}"
            )
        return read_private_key(path)
    except FileNotFoundError as error:
        raise NotAuthenticated(
            f"there is no personal key at {path}: a decision is signed by a person. Make one with "
            "steelyard person key, and have an administrator add its public key"
        ) from error
    except OSError as error:
        raise NotAuthenticated(f"the personal key {path}: {error.strerror}") from error


def public_key_words(key: PublicKey) -> str:
    """A public key as text."""
    return base64.b64encode(key.raw).decode()


def parse_public_key(text: str) -> PublicKey:
    """The public key of a text in base64, or in a file of it. Raises NotAuthenticated."""
    words = text.strip()
    try:
        if Path(words).is_file():
            words = Path(words).read_text("utf-8").strip()
        raw = base64.b64decode(words, validate=True)
    except (OSError, UnicodeDecodeError, binascii.Error, ValueError):
        raw = b""
    if len(raw) != 32:
        raise NotAuthenticated(
            f"{text!r} is no public key: 32 bytes in base64, as steelyard person key prints"
        )
    return PublicKey(raw)
