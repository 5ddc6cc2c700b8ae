"""The key of the server, outside the lake: it encrypts what the desk keeps and no person unlocks.

These are the personal keys of provider accounts and the secrets of webhooks.
"""

from __future__ import annotations

import hashlib
import os
from pathlib import Path

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from data_contracts.errors import LakeProblem
from data_contracts.lake import Lake
from serving.ledger.ledger_key import ledger_key_path, make_key_file, read_private_key

KEY_VARIABLE = "STEELYARD_DESK_KEY"
NONCE_BYTES = 12


def server_key_path() -> Path:
    """The path of the key: STEELYARD_DESK_KEY, or beside the key of the ledger."""
    named = os.environ.get(KEY_VARIABLE)
    return Path(named) if named else ledger_key_path().with_name("desk.key")


def server_secret(lake: Lake) -> bytes:
    """The secret of the server, made on first use.

    Raises
    ------
    LakeProblem
        It would lie in the lake, or cannot be made or read.
    """
    path = server_key_path()
    if path.resolve().is_relative_to(lake.root.resolve()):
        raise LakeProblem(f"the key {path} of the desk lies in the lake; name another place")
    try:
        if not path.exists():
            make_key_file(path)
        key = read_private_key(path).private
    except OSError as error:
        raise LakeProblem(f"the key {path} of the desk: {error.strerror}") from error
    raw = key.private_bytes(Encoding.Raw, PrivateFormat.Raw, NoEncryption())
    return hashlib.sha256(b"steelyard desk server key 1" + raw).digest()


def seal(secret: bytes, place: str, content: bytes) -> bytes:
    """Content encrypted by the secret of the server, for one place of the database alone.

    Examples
    --------
    >>> sealed = seal(b"s" * 32, "row 1", b"word")
    >>> open_sealed(b"s" * 32, "row 1", sealed)
    b'word'
    >>> open_sealed(b"s" * 32, "row 2", sealed) is None
    True
    """
    nonce = os.urandom(NONCE_BYTES)
    return nonce + AESGCM(secret).encrypt(nonce, content, place.encode())


def open_sealed(secret: bytes, place: str, sealed: bytes) -> bytes | None:
    """The encrypted text; None for another secret or another place."""
    nonce, body = sealed[:NONCE_BYTES], sealed[NONCE_BYTES:]
    try:
        return AESGCM(secret).decrypt(nonce, body, place.encode())
    except (InvalidTag, ValueError):
        return None
