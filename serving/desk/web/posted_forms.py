"""Posted forms: their limits, where they come from, and the token of the browser."""

from __future__ import annotations

import hashlib
import hmac
from urllib.parse import urlsplit

from starlette.datastructures import FormData
from starlette.requests import Request
from starlette.types import Message, Receive

from serving.desk.web.page import csrf_token

MAX_BODY_BYTES = 10 << 20  # with files
MAX_TEXT_BODY_BYTES = 1 << 20
MAX_FIELDS, MAX_FILES = 5_000, 10
FORM_TYPES = ("application/x-www-form-urlencoded", "multipart/form-data")
SAME_SITE_FETCHES = (None, "same-origin", "none")


class BodyRefused(Exception):
    """The body of a request is too large, or no form."""

    def __init__(self, status: int) -> None:
        super().__init__(status)
        self.status = status


def comes_from_here(request: Request) -> bool:
    """Whether a form was sent from a page of this host, as far as the browser says."""
    if request.headers.get("sec-fetch-site") not in SAME_SITE_FETCHES:
        return False
    origin = request.headers.get("origin")
    return origin is None or urlsplit(origin).netloc == request.headers.get("host")


def has_token(request: Request, form: FormData) -> bool:
    """Whether a form carries the token of this browser and login."""
    given = form.get("csrf")
    return isinstance(given, str) and hmac.compare_digest(
        given.encode(), csrf_token(request).encode()
    )


async def read_form(request: Request) -> FormData:
    """The form of a request within the limits. Raises BodyRefused."""
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind not in FORM_TYPES:
        raise BodyRefused(415)
    limit = MAX_BODY_BYTES if kind == FORM_TYPES[1] else MAX_TEXT_BODY_BYTES
    stated = request.headers.get("content-length", "0")
    if not stated.isdigit() or int(stated) > limit:
        raise BodyRefused(413 if stated.isdigit() else 400)
    body = await _body_within(request.receive, limit)
    whole = Request(request.scope, _replayed(body))
    try:
        return await whole.form(
            max_fields=MAX_FIELDS, max_files=MAX_FILES, max_part_size=MAX_TEXT_BODY_BYTES
        )
    except Exception as error:  # the parser raises several kinds for a body that is no form
        raise BodyRefused(400) from error


def form_digest(request: Request, form: FormData) -> str:
    """The digest of a form and its address but for the token; of files, name and size count."""
    digest = hashlib.sha256(f"{request.method} {request.scope['path']}".encode())
    for key, value in form.multi_items():
        if key != "csrf":
            words = value if isinstance(value, str) else f"{value.filename} {value.size}"
            digest.update(f"\n{len(key)} {key} {len(words)} {words}".encode())
    return digest.hexdigest()


async def _body_within(receive: Receive, limit: int) -> bytes:
    """The body of a request. Raises BodyRefused as soon as it is over the limit."""
    parts, length, more = [], 0, True
    while more:
        message = await receive()
        if message["type"] == "http.disconnect":
            raise BodyRefused(400)
        part = message.get("body", b"")
        parts.append(part)
        length, more = length + len(part), message.get("more_body", False)
        if length > limit:
            raise BodyRefused(413)
    return b"".join(parts)


def _replayed(body: bytes) -> Receive:
    """A source of messages with a body that was read already."""

    async def receive() -> Message:
        return {"type": "http.request", "body": body, "more_body": False}

    return receive
