"""Addresses of pages: ids as path segments, and links that stay on this site."""

from __future__ import annotations

from typing import Any
from urllib.parse import quote, unquote, urlencode

from starlette.convertors import Convertor, register_url_convertor

DOT_SEGMENTS = ("", ".", "..")  # browsers drop these from paths, even percent-encoded


class SegmentConvertor(Convertor[str]):
    """A percent-encoded path segment: `Route("/operators/{id:segment}", ...)`.

    Paths are matched before they are decoded, so that an id may contain a slash.
    """

    regex = "[^/]+"

    def convert(self, value: str) -> str:
        """The id of a segment."""
        return unquote(value.removeprefix("~"))

    def to_string(self, value: str) -> str:
        """The segment of an id."""
        return segment(value)


register_url_convertor("segment", SegmentConvertor())


def segment(value: str) -> str:
    """An id as a path segment; a tilde in front keeps dots from being taken for folders.

    Examples
    --------
    >>> segment("a/b"), segment("..")
    ('a%2Fb', '~..')
    """
    is_ambiguous = value in DOT_SEGMENTS or value.startswith("~")
    return ("~" if is_ambiguous else "") + quote(value, safe="")


def url(*segments: Any, **query: Any) -> str:
    """The address of a page from its segments and query; None and empty values are left out.

    Examples
    --------
    >>> url("operators", "a/b", night="2026-01-20")
    '/operators/a%2Fb?night=2026-01-20'
    """
    path = "/" + "/".join(segment(str(s)) for s in segments)
    chosen = {k: v for k, v in query.items() if v is not None and v != ""}
    return f"{path}?{urlencode(chosen, doseq=True)}" if chosen else path


def local_url(target: str | None) -> str:
    """A target on this site, or the first page for one that leads elsewhere."""
    if not target or not target.startswith("/") or target[1:2] in ("/", "\\"):
        return "/"
    return target if target.isprintable() and "\\" not in target else "/"
