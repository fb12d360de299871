"""Files of a ticket for programs: listed, sent, fetched, taken away."""

from typing import Any

from flask import Response
from flask.typing import ResponseReturnValue

from routes.api import show
from routes.api.blueprint import blueprint
from routes.request import now, store, user
from routes.uploads import file_of, let_files_in, read_uploads
from triage.attachments import Attachment, attach, may_open, open_attachment, remove_attachment
from triage.errors import Forbidden
from triage.reveal import see
from triage.texts import clean
from triage.wording import say


@blueprint.url_value_preprocessor
def expect_files(endpoint: str | None, _values: dict[str, Any] | None) -> None:
    """Let the one address that takes files take as much as they are, before anything reads it."""
    if endpoint == "api.add_attachments":
        let_files_in()


def described(one: Attachment) -> dict[str, Any]:
    """A file as it is kept, without its bytes."""
    same = {name: getattr(one, name) for name in ("id", "name", "content_type", "size", "actor")}
    return {**same, "sha256": one.digest, "added_at": show.moment(one.added_at)}


@blueprint.get("/tickets/<number>/attachments")
def attachments(number: str) -> ResponseReturnValue:
    """List the files of a ticket."""
    one = see(number, user=user(), store=store())
    if not may_open(user(), one, store()):
        raise Forbidden(say("Attachments of a confidential ticket can only be viewed by the lead crew"))
    found = [described(file) for file in store().attachments_of(one.number)]
    return {"number": one.number, "count": len(found), "attachments": found}


@blueprint.post("/tickets/<number>/attachments")
def add_attachments(number: str) -> ResponseReturnValue:
    """Keep files sent as multipart form data under `files`, all or none."""
    uploads = read_uploads()
    kept = attach(clean(number), uploads, user=user(), store=store(), now=now())
    found = [described(file) for file in store().attachments_of(clean(number)) if file.id in kept]
    return {"number": clean(number), "count": len(found), "attachments": found}, 201


@blueprint.get("/tickets/<number>/attachments/<int:id>")
def attachment(number: str, id: int) -> Response:
    """Give a file's bytes."""
    one, data = open_attachment(clean(number), id, user=user(), store=store())
    return file_of(one, data)


@blueprint.delete("/tickets/<number>/attachments/<int:id>")
def take_away(number: str, id: int) -> ResponseReturnValue:
    """Take a file away; its row and digest are kept."""
    remove_attachment(clean(number), id, user=user(), store=store(), now=now())
    return {"number": clean(number), "id": id}
