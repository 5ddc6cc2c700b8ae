"""A form that could not be accepted, kept in the next page so that its text is not lost."""

from __future__ import annotations

import json
from dataclasses import dataclass

from starlette.datastructures import FormData
from starlette.requests import Request
from starlette.responses import Response

from serving.desk.web.addresses import local_url
from serving.desk.web.page import render
from serving.pages import text_catalogue

OWN_FIELDS = frozenset({"csrf", "once", "unsent"})
MAX_CHARACTERS = 200_000


@dataclass(frozen=True)
class UnsentForm:
    """Path and fields of a form; passwords and files are not kept."""

    path: str
    fields: tuple[tuple[str, str], ...]

    @classmethod
    def of(cls, path: str, form: FormData) -> UnsentForm:
        """The form of a request."""
        fields = [
            (k, v)
            for k, v in form.multi_items()
            if isinstance(v, str) and k not in OWN_FIELDS and "password" not in k
        ]
        return cls(local_url(path), tuple(fields))

    @classmethod
    def parse(cls, text: str) -> UnsentForm | None:
        """The form of a hidden field; None where there is none."""
        if not text or len(text) > MAX_CHARACTERS:
            return None
        try:
            path, fields = json.loads(text)
            return cls(local_url(str(path)), tuple((str(k), str(v)) for k, v in fields))
        except (ValueError, TypeError):
            return None

    def as_text(self) -> str:
        """The form as a hidden field has it."""
        return json.dumps([self.path, self.fields], ensure_ascii=False)


def resume_page(request: Request, unsent: UnsentForm, status_code: int) -> Response:
    """A page that shows an unsent form, to be sent again by a person who looked at it.

    It names what a person wrote, and no field that the form filled itself.
    """
    known = text_catalogue.texts()
    written = [(f"resume.field_{k}", v) for k, v in unsent.fields if v.strip()]
    words = [(key, v) for key, v in written if key in known]
    return render(request, "resume.html.j2", status_code, unsent=unsent, words=words)


def login_page(
    request: Request, unsent: UnsentForm | None, next_url: str, **values: str
) -> Response:
    """The login page; a form that was sent without a login waits in it."""
    status = 401 if unsent else int(values.pop("status", "200"))
    fault = values.get("fault", "login.session_ended" if unsent else "")
    return render(
        request,
        "login.html.j2",
        status,
        unsent=unsent.as_text() if unsent else "",
        next_url=local_url(next_url),
        fault=fault,
        name=values.get("name", ""),
        provider=request.state.provider_name,
    )
