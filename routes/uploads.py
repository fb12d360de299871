"""Files that a request brings and that an answer gives, for pages and API alike."""

from contextlib import closing
from urllib.parse import quote

from flask import Response, make_response, request

from triage.attachments import MAX_AT_ONCE, Attachment, Upload

# A file is shown alone and can do nothing: no script, no request, no form, even if a browser took it for a page.
ALONE = "default-src 'none'; sandbox"


def let_files_in() -> None:
    """Let this request be as big as files are; before anything reads it."""
    request.max_content_length = MAX_AT_ONCE


def read_uploads() -> list[Upload]:
    """Give the files sent under `files`, their temporary copies closed."""
    uploads = []
    for file in request.files.getlist("files"):
        with closing(file):
            uploads.append(Upload(file.filename or "", file.read()))
    return uploads


def file_of(one: Attachment, data: bytes) -> Response:
    """Answer with a file in a way in which no browser runs it: a photo may be shown, a PDF is downloaded."""
    answer = make_response(data)
    answer.mimetype = one.content_type
    way = "inline" if one.is_image else "attachment"
    # RFC 6266: a name that is not ASCII goes percent-encoded into filename*; the plain one is for programs that do not know it.
    plain = f"attachment-{one.id}.{one.name.rpartition('.')[2]}"
    answer.headers["Content-Disposition"] = f"{way}; filename={plain}; filename*=UTF-8''{quote(one.name, safe='')}"
    answer.headers["Content-Security-Policy"] = ALONE
    answer.headers["X-Content-Type-Options"] = "nosniff"
    answer.headers["Cross-Origin-Resource-Policy"] = "same-origin"
    answer.headers["Cache-Control"] = "private, no-store"
    return answer
