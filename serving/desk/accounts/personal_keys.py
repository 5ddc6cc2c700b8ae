"""Personal keys of accounts: encrypted at rest, open in memory while logged in. ADR-0311."""

from __future__ import annotations

import os
import threading
import time

from argon2.low_level import Type, hash_secret_raw
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from serving.ledger.ledger_key import LedgerKey

MAX_OPEN_SECONDS = 12 * 3_600  # the longest time of a login session
SALT_BYTES, NONCE_BYTES, KEY_BYTES = 16, 12, 32
PURPOSE = b"steelyard desk personal key 1"


def make_key() -> LedgerKey:
    """A new personal key."""
    return LedgerKey(Ed25519PrivateKey.generate())


def wrap_key(key: LedgerKey, secret: bytes) -> bytes:
    """A key encrypted by a password, or by the secret of the server."""
    salt, nonce = os.urandom(SALT_BYTES), os.urandom(NONCE_BYTES)
    raw = key.private.private_bytes(Encoding.Raw, PrivateFormat.Raw, NoEncryption())
    return salt + nonce + AESGCM(_wrapping_key(secret, salt)).encrypt(nonce, raw, PURPOSE)


def unwrap_key(wrapped: bytes, secret: bytes) -> LedgerKey | None:
    """The key that was encrypted; None for another secret."""
    salt, rest = wrapped[:SALT_BYTES], wrapped[SALT_BYTES:]
    nonce, body = rest[:NONCE_BYTES], rest[NONCE_BYTES:]
    try:
        raw = AESGCM(_wrapping_key(secret, salt)).decrypt(nonce, body, PURPOSE)
    except InvalidTag:
        return None
    return LedgerKey(Ed25519PrivateKey.from_private_bytes(raw))


def _wrapping_key(secret: bytes, salt: bytes) -> bytes:
    """The key of the cipher, from a secret by argon2id."""
    return hash_secret_raw(
        secret,
        salt,
        time_cost=2,
        memory_cost=19_456,
        parallelism=1,
        hash_len=KEY_BYTES,
        type=Type.ID,
    )


class KeyRing:
    """Personal keys of login sessions, in the memory of this process only, for some hours."""

    def __init__(self) -> None:
        self._keys: dict[str, tuple[float, LedgerKey]] = {}
        self._lock = threading.Lock()

    def put(self, login_id: str, key: LedgerKey) -> None:
        """Keep the key of a login session, and forget those of sessions that are over."""
        now = time.monotonic()
        with self._lock:
            self._keys = {k: v for k, v in self._keys.items() if now - v[0] < MAX_OPEN_SECONDS}
            self._keys[login_id] = now, key

    def get(self, login_id: str) -> LedgerKey | None:
        """The key of a login session; None after a restart, until the password is given again."""
        with self._lock:
            _, key = self._keys.get(login_id, (0.0, None))
            return key

    def drop(self, login_id: str) -> None:
        """Forget the key of a login session."""
        with self._lock:
            self._keys.pop(login_id, None)
