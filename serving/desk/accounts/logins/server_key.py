"""The key of the server, outside the lake: it encrypts the personal keys of provider accounts."""

from __future__ import annotations

import hashlib
import os
from pathlib import Path

from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from data_contracts.errors import LakeProblem
from data_contracts.lake import Lake
from serving.ledger.ledger_key import ledger_key_path, make_key_file, read_private_key

KEY_VARIABLE = "STEELYARD_DESK_KEY"


def server_key_path() -> Path:
    """Where the key lies: at STEELYARD_DESK_KEY, or beside the key of the ledger."""
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
