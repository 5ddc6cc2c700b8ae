"""The key that signs heads of the ledger: Ed25519 (RFC 8032), kept outside the lake.

The key lies at STEELYARD_LEDGER_KEY, or in the user's folder of configuration. It is made on first
use, readable by its user alone, with the public key in a file next to it. Whoever holds the private
key can sign another history; the witness is what then contradicts it (ADR-0222).
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import os
from dataclasses import dataclass
from pathlib import Path

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
from data_contracts.storage.durable_files import sync_folder, write_durably

KEY_VARIABLE = "STEELYARD_LEDGER_KEY"
PUBLIC_SUFFIX = ".pub"


@dataclass(frozen=True)
class PublicKey:
    """A key that checks signatures; its id is the start of the digest of its bytes."""

    raw: bytes

    @property
    def id(self) -> str:
        """Sixteen hex digits that name the key."""
        return hashlib.sha256(self.raw).hexdigest()[:16]

    def checks(self, body: bytes, signature: str) -> bool:
        """Whether a signature in base64 is of these bytes and this key."""
        try:
            Ed25519PublicKey.from_public_bytes(self.raw).verify(
                base64.b64decode(signature, validate=True), body
            )
        except (InvalidSignature, ValueError, TypeError):
            return False
        return True


@dataclass(frozen=True)
class LedgerKey:
    """The private key of a ledger."""

    private: Ed25519PrivateKey

    @property
    def public(self) -> PublicKey:
        """The public key that checks its signatures."""
        return PublicKey(self.private.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw))

    def sign(self, body: bytes) -> str:
        """Signature of bytes, in base64."""
        return base64.b64encode(self.private.sign(body)).decode()


def ledger_key_path() -> Path:
    """The path of this user's key."""
    named = os.environ.get(KEY_VARIABLE)
    if named:
        return Path(named)
    home = os.environ.get("XDG_CONFIG_HOME") or Path("~/.config").expanduser()
    return Path(home) / "steelyard" / "ledger.key"


def open_ledger_key(lake: Lake) -> LedgerKey:
    """The key that signs, made on first use.

    Raises
    ------
    LakeProblem
        The key would lie in the lake, cannot be made, or is no key.
    """
    path = ledger_key_path()
    if path.resolve().is_relative_to(lake.root.resolve()):
        raise LakeProblem(
            f"the key {path} of the ledger lies in the lake that it protects; "
            f"name a place outside of it in {KEY_VARIABLE}"
        )
    try:
        if not path.exists():
            make_key_file(path)
        return read_private_key(path)
    except OSError as error:
        raise LakeProblem(
            f"the key {path} of the ledger cannot be read or made ({error.strerror}); "
            f"name a place for it in {KEY_VARIABLE}"
        ) from error


def read_private_key(path: Path) -> LedgerKey:
    """The private key in a file. Raises LakeProblem, OSError."""
    return LedgerKey(Ed25519PrivateKey.from_private_bytes(_raw_bytes(path)))


def read_public_key(path: Path) -> PublicKey:
    """The public key in a file, or next to a private key. Raises LakeProblem."""
    public = path.with_name(path.name + PUBLIC_SUFFIX)
    try:
        return PublicKey(_raw_bytes(public if public.exists() else path))
    except OSError as error:
        raise LakeProblem(f"{path}: no public key of a ledger ({error.strerror})") from error


def _raw_bytes(path: Path) -> bytes:
    """The 32 bytes of a key. Raises LakeProblem, OSError."""
    try:
        raw = base64.b64decode(path.read_bytes().strip(), validate=True)
    except binascii.Error:
        raw = b""
    if len(raw) != 32:
        raise LakeProblem(f"{path} is no key: it must be 32 bytes in base64")
    return raw


def make_key_file(path: Path) -> None:
    """Make a key, readable by its user alone.

    Of two processes that make it at once, one key is kept by both.
    """
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    key = LedgerKey(Ed25519PrivateKey.generate())
    raw = key.private.private_bytes(Encoding.Raw, PrivateFormat.Raw, NoEncryption())
    part = path.with_name(f".{path.name}.{os.getpid()}")
    write_durably(part, base64.b64encode(raw) + b"\n", 0o600)
    try:
        os.link(part, path)
    except FileExistsError:
        return
    finally:
        part.unlink()
    sync_folder(path.parent)
    public = path.with_name(path.name + PUBLIC_SUFFIX)
    write_durably(public, base64.b64encode(key.public.raw) + b"\n")
