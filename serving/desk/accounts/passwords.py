"""Passwords: argon2id digests, and what a password must be."""

from __future__ import annotations

import threading

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

MIN_PASSWORD_CHARACTERS, MAX_PASSWORD_CHARACTERS = 12, 200
MIN_DISTINCT_CHARACTERS = 5
PARALLEL_DIGESTS = 2
# one of the settings of argon2id that OWASP recommends: 19 MiB, two passes, one lane
HASHER = PasswordHasher(time_cost=2, memory_cost=19_456, parallelism=1)
NO_ACCOUNT_DIGEST = HASHER.hash("no account has this password")
_turns = threading.BoundedSemaphore(PARALLEL_DIGESTS)


def password_fault(password: str, name: str) -> str | None:
    """The fault of a new password, as a key of texts; None for a good one."""
    if not MIN_PASSWORD_CHARACTERS <= len(password) <= MAX_PASSWORD_CHARACTERS:
        return "account.password_length"
    if len(set(password)) < MIN_DISTINCT_CHARACTERS or name.lower() in password.lower():
        return "account.password_guessable"
    return None


def password_digest(password: str) -> str:
    """The digest of a password as it is stored."""
    with _turns:
        return HASHER.hash(password)


def is_password(password: str, digest: str | None) -> bool:
    """Whether a password has a digest. Takes as long where there is no digest."""
    if len(password) > MAX_PASSWORD_CHARACTERS:
        return False
    with _turns:
        try:
            HASHER.verify(digest or NO_ACCOUNT_DIGEST, password)
        except (VerificationError, InvalidHashError):
            return False
    return digest is not None
