"""Files of a form as attachments."""

from __future__ import annotations

from starlette.datastructures import FormData, UploadFile

from serving.desk.inbox.statements import MAX_ATTACHMENT_BYTES, Attachment


def attachments_of(form: FormData, name: str = "files") -> list[Attachment]:
    """Files that were chosen in a field; each is read one byte beyond the limit at most."""
    chosen = [f for f in form.getlist(name) if isinstance(f, UploadFile) and f.filename]
    return [Attachment(f.filename or "", f.file.read(MAX_ATTACHMENT_BYTES + 1)) for f in chosen]
