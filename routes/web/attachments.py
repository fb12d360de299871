"""Files on a ticket's page: added, shown, taken away."""

from typing import Any

from flask import Response, flash, redirect, url_for
from flask.typing import ResponseReturnValue

from routes.errors import status_of
from routes.request import now, store, user
from routes.uploads import file_of, let_files_in, read_uploads
from routes.web.blueprint import blueprint
from routes.web.tickets import page, visible
from triage.attachments import attach, open_attachment, remove_attachment
from triage.errors import InvalidInput
from triage.texts import clean
from triage.wording import say


@blueprint.url_value_preprocessor
def expect_files(endpoint: str | None, _values: dict[str, Any] | None) -> None:
    """Let the one form that sends files be as big as they are, before anything reads it."""
    if endpoint == "pages.add_attachments":
        let_files_in()


@blueprint.post("/tickets/<number>/attachments")
def add_attachments(number: str) -> ResponseReturnValue:
    """Keep the files that were sent, all or none."""
    found = visible(number)
    uploads = read_uploads()
    try:
        kept = attach(found.number, uploads, user=user(), store=store(), now=now())
    except InvalidInput as error:
        return page(found, error=error), status_of(error)
    flash(say("Attachments added: {count}", count=len(kept)))
    return redirect(url_for("pages.ticket", number=found.number, _anchor="attachments"), 303)


@blueprint.get("/tickets/<number>/attachments/<int:id>")
def attachment(number: str, id: int) -> Response:
    """Give a file: a photo is shown, a PDF downloaded."""
    one, data = open_attachment(clean(number), id, user=user(), store=store())
    return file_of(one, data)


@blueprint.post("/tickets/<number>/attachments/<int:id>/remove")
def take_away(number: str, id: int) -> ResponseReturnValue:
    """Take a file away."""
    number = clean(number)
    remove_attachment(number, id, user=user(), store=store(), now=now())
    flash(say("Attachment removed; its removal stays in the history"))
    return redirect(url_for("pages.ticket", number=number, _anchor="attachments"), 303)
