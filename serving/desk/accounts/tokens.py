"""Random tokens, of which the database has digests only."""

from __future__ import annotations

import hashlib
import secrets
import uuid

TOKEN_BYTES = 32


def make_token() -> str:
    """A token that nobody can guess, fit for a URL and a cookie."""
    return secrets.token_urlsafe(TOKEN_BYTES)


def token_digest(token: str) -> str:
    """The digest of a token: 64 hex digits."""
    return hashlib.sha256(token.encode()).hexdigest()


def make_id() -> str:
    """A random id of a row: 32 hex digits."""
    return uuid.uuid4().hex
