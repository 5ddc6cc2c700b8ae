"""Cookies of the desk: not readable by scripts, never sent from other sites."""

from __future__ import annotations

import base64
import binascii
import json
from typing import Any, Literal

from starlette.requests import Request
from starlette.responses import Response

LOGIN, VISIT, MESSAGE, LANGUAGE, THEME = "login", "visit", "message", "language", "theme"
PROVIDER = "provider"  # of a login under way; it has to come back from another site
MAX_MESSAGE_CHARACTERS = 200
PREFERENCE_SECONDS = 365 * 86_400


def cookie_name(name: str, is_secure: bool) -> str:
    """The name as browsers see it; the prefix binds the cookie to this host by TLS."""
    return f"__Host-desk_{name}" if is_secure else f"desk_{name}"


def get_cookie(request: Request, name: str) -> str | None:
    """The value of a cookie of the desk."""
    return request.cookies.get(cookie_name(name, request.state.settings.is_secure))


def set_cookie(
    request: Request,
    response: Response,
    name: str,
    value: str,
    seconds: int | None = None,
    *,
    same_site: Literal["strict", "lax"] = "strict",
) -> None:
    """Set a cookie until the browser closes, or for some seconds."""
    is_secure = request.state.settings.is_secure
    response.set_cookie(
        cookie_name(name, is_secure),
        value,
        max_age=seconds,
        path="/",
        secure=is_secure,
        httponly=True,
        samesite=same_site,
    )


def drop_cookie(request: Request, response: Response, name: str) -> None:
    """Remove a cookie."""
    set_cookie(request, response, name, "", seconds=0)


def pack_message(key: str, values: dict[str, Any]) -> str:
    """A message key with short values, as a cookie carries it."""
    short = {
        k: v if isinstance(v, int | float) else str(v)[:MAX_MESSAGE_CHARACTERS]
        for k, v in values.items()
    }
    return base64.urlsafe_b64encode(json.dumps([key, short]).encode()).decode()


def unpack_message(packed: str | None) -> tuple[str, dict[str, Any]] | None:
    """The message key and values of a cookie; None where it has none."""
    try:
        key, values = json.loads(base64.urlsafe_b64decode((packed or "").encode()))
    except (ValueError, TypeError, binascii.Error, UnicodeError):
        return None
    if not isinstance(key, str) or not isinstance(values, dict):
        return None
    return key, values
