"""Signatures of exported files: Ed25519 (RFC 8032), the private key in the lake."""

from __future__ import annotations

import base64
import os
from typing import Any

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
)

from data_contracts.errors import LakeProblem
from data_contracts.lake import Lake

ALGORITHM = "Ed25519"


def signing_key(lake: Lake) -> Ed25519PrivateKey:
    """The lake's key, made when there is none (mode 0600)."""
    path = lake.signing_key
    if path.exists():
        try:
            raw = base64.b64decode(path.read_text("ascii"), validate=True)
            return Ed25519PrivateKey.from_private_bytes(raw)
        except (OSError, ValueError) as error:
            raise LakeProblem(
                f"{path} is no private key of this product ({error}). Restore it from a copy. "
                "A new key, made when the file is gone, is one that nobody trusts yet"
            ) from error
    key = Ed25519PrivateKey.generate()
    path.parent.mkdir(parents=True, exist_ok=True)
    raw = key.private_bytes(Encoding.Raw, PrivateFormat.Raw, NoEncryption())
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as handle:
        handle.write(base64.b64encode(raw).decode())
    return key


def public_key_text(key: Ed25519PrivateKey) -> str:
    """Public key, base64 of its 32 bytes."""
    return base64.b64encode(key.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw)).decode()


def sign(lake: Lake, body: bytes) -> dict[str, str]:
    """Signature of bytes with the public key that checks it."""
    key = signing_key(lake)
    return {
        "algorithm": ALGORITHM,
        "public_key": public_key_text(key),
        "signature": base64.b64encode(key.sign(body)).decode(),
    }


def signature_is_valid(body: bytes, signature: Any, trusted: str | None = None) -> bool:
    """Whether a signature is valid for these bytes, and by the trusted key where one is named.

    `signature` is what a foreign file holds, so it may be anything.
    """
    try:
        key, sealed = signature["public_key"], signature["signature"]
        if signature["algorithm"] != ALGORITHM or (trusted is not None and key != trusted):
            return False
        public = Ed25519PublicKey.from_public_bytes(base64.b64decode(key, validate=True))
        public.verify(base64.b64decode(sealed, validate=True), body)
    except (InvalidSignature, LookupError, ValueError, TypeError):
        return False
    return True
