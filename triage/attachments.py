"""Files on a ticket (附件): photos and PDFs, told by their content, cleaned, and open only to those who may see the ticket."""

import hashlib
import re
import unicodedata
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from triage.errors import Forbidden, InvalidInput, NotFound, Problem
from triage.images import PNG_START, plain_jpeg, plain_png, plain_webp
from triage.people import User, leads
from triage.reveal import see
from triage.terms import Role
from triage.texts import clean
from triage.tickets import Ticket
from triage.wording import say

if TYPE_CHECKING:
    from triage.store import Store

# Limits of our own (inferred): what a phone's photo and a scanned page need, and what one ticket's evidence may weigh.
MEGABYTE = 1024 * 1024
MAX_SIZE, MAX_COUNT, MAX_AT_ONCE = 10 * MEGABYTE, 20, 32 * MEGABYTE
MAX_NAME = 80
HEIC_BRANDS = (b"heic", b"heix", b"heim", b"heis", b"hevc", b"hevx", b"mif1", b"msf1", b"avif")
HEIC_ADVICE = say(
    "is a HEIC photo, which browsers cannot show; choose “Most Compatible” under “Settings › Camera › "
    "Formats” on the phone and take it again, or save it as JPEG and upload that"
)
ADDERS = (Role.HANDLER, Role.LEADER, Role.AGENT, Role.DISPATCHER)
REMOVERS = (Role.LEADER, Role.DISPATCHER)


@dataclass(frozen=True)
class Kind:
    """A kind of file that is taken: its media type, its ending, and what leaves out of it where it was made."""

    media_type: str
    ending: str
    plain: Callable[[bytes], bytes] = bytes

    @property
    def is_image(self) -> bool:
        """Whether a browser may show it in its place; a PDF is only ever downloaded."""
        return self.media_type.startswith("image/")


JPEG = Kind("image/jpeg", "jpg", plain_jpeg)
PNG = Kind("image/png", "png", plain_png)
WEBP = Kind("image/webp", "webp", plain_webp)
PDF = Kind("application/pdf", "pdf")
KINDS = {kind.media_type: kind for kind in (JPEG, PNG, WEBP, PDF)}


@dataclass(frozen=True)
class Upload:
    """A file as it was sent."""

    name: str
    data: bytes


@dataclass(frozen=True)
class Attachment:
    """A file as it is kept, without its bytes; `digest` is SHA-256 of the kept bytes."""

    id: int
    name: str
    content_type: str
    size: int
    digest: str
    actor: str
    added_at: datetime
    removed_at: datetime | None = None

    @property
    def is_image(self) -> bool:
        """Whether a browser may show it in its place."""
        return KINDS[self.content_type].is_image


def kind_of(data: bytes) -> Kind | None:
    """Tell a file's kind by its first bytes, never by its name; None for what is not taken."""
    if data.startswith(b"\xff\xd8\xff"):
        return JPEG
    if data.startswith(PNG_START):
        return PNG
    if data.startswith(b"RIFF") and data[8:12] == b"WEBP":
        return WEBP
    return PDF if data.startswith(b"%PDF-") else None


def clean_name(name: str, kind: Kind) -> str:
    """Give a file's name without folders, signs that steer a terminal or a file system, and with the ending of what it is."""
    base = unicodedata.normalize("NFC", clean(name)).replace("\\", "/").rpartition("/")[2]
    base = "".join(sign for sign in base if unicodedata.category(sign)[0] != "C")
    stem, dot, ending = base.rpartition(".")
    stem = stem if dot and re.fullmatch(r"[A-Za-z0-9]{1,5}", ending) else base
    stem = re.sub(r'[<>:"|?*%;\s]+', " ", stem).strip(" .")
    return f"{stem[:MAX_NAME] or say('Attachment')}.{kind.ending}"


def may_open(user: User, ticket: Ticket, store: "Store") -> bool:
    """Whether the files of a ticket that the user may see are open too: those of a confidential one are not shown to teams that only help (协办)."""
    return not ticket.is_confidential or user.role not in (Role.HANDLER, Role.LEADER) or leads(user, ticket, store)


def may_attach(user: User, ticket: Ticket, store: "Store") -> bool:
    """Whether the user may add files: who works on the ticket, while it is open."""
    return user.role in ADDERS and not ticket.state.is_end and may_open(user, ticket, store)


def may_remove(user: User, ticket: Ticket, one: Attachment, store: "Store") -> bool:
    """Whether the user may take a file away: who added it, the team's leader, a dispatcher; while the ticket is open."""
    if not may_attach(user, ticket, store):
        return False
    return one.actor == user.username or (user.role in REMOVERS and leads(user, ticket, store))


def attach(number: str, uploads: Iterable[Upload], *, user: User, store: "Store", now: datetime) -> list[int]:
    """Keep files with a ticket, all or none, each with its digest in the audit trail; give their ids.

    Raises:
        NotFound, Forbidden: see `triage.reveal.see`; or the user does not work on the ticket.
        InvalidInput: none was sent, one is too big, of another kind or broken, or the ticket has too many; all problems at once.
    """
    ready = _checked([one for one in uploads if one.name or one.data])
    with store.writing():
        ticket = see(number, user=user, store=store)
        if not may_attach(user, ticket, store):
            raise Forbidden(say("Attachments cannot be added to this ticket: it has ended, or you are not handling it"))
        if len(store.attachments_of(ticket.number)) + len(ready) > MAX_COUNT:
            raise InvalidInput(Problem("files", say("Attachments: a ticket takes at most {most}; remove those not needed first", most=MAX_COUNT)))
        return [store.add_attachment(ticket.number, name, kind.media_type, data, user.username, now) for name, kind, data in ready]


def _checked(uploads: list[Upload]) -> list[tuple[str, Kind, bytes]]:
    problems: list[Problem] = []
    ready = []
    for one in uploads:
        try:
            ready.append(check_upload(one))
        except InvalidInput as error:
            problems += error.problems
    if not uploads:
        problems.append(Problem("files", say("Attachments: choose a file first")))
    if problems:
        raise InvalidInput(*problems)
    return ready


def check_upload(upload: Upload) -> tuple[str, Kind, bytes]:
    """Give a file's cleaned name, its kind and the bytes to be kept.

    Raises:
        InvalidInput: it is empty, too big, of another kind, or broken.
    """
    name = " ".join(clean(upload.name).split())[-MAX_NAME:] or say("Attachment")
    if not upload.data:
        raise InvalidInput(Problem("files", say("“{name}” is an empty file; choose another", name=name)))
    if len(upload.data) > MAX_SIZE:
        raise InvalidInput(
            Problem(
                "files",
                say(
                    "“{name}” has {size:.1f} MB, and a file may have at most {most} MB; compress it and upload it again",
                    name=name,
                    size=len(upload.data) / MEGABYTE,
                    most=MAX_SIZE // MEGABYTE,
                ),
            )
        )
    if upload.data[4:8] == b"ftyp" and upload.data[8:12] in HEIC_BRANDS:
        raise InvalidInput(Problem("files", f"“{name}”{HEIC_ADVICE}"))
    kind = kind_of(upload.data)
    if kind is None:
        raise InvalidInput(
            Problem("files", say("“{name}” is not a photo or a PDF (judged by its content); upload JPEG, PNG, WebP or PDF", name=name))
        )
    try:
        return clean_name(upload.name, kind), kind, kind.plain(upload.data)
    except InvalidInput as error:
        raise InvalidInput(*(Problem(p.field, say("“{name}”: {problem}", name=name, problem=p.message)) for p in error.problems)) from None


def open_attachment(number: str, id: int, *, user: User, store: "Store") -> tuple[Attachment, bytes]:
    """Give a file of a ticket with its bytes.

    Raises:
        NotFound: the ticket has no such file, or not any more.
        Forbidden: it is another team's ticket, or a confidential one that the user's team only helps with.
    """
    ticket = see(number, user=user, store=store)
    if not may_open(user, ticket, store):
        raise Forbidden(say("Attachments of a confidential ticket can only be viewed by the lead crew"))
    return _found(ticket, id, store), store.attachment_data(ticket.number, id)


def remove_attachment(number: str, id: int, *, user: User, store: "Store", now: datetime) -> None:
    """Take a file away from a ticket: nobody can open it any more; the row, its digest and who took it away are kept.

    Raises:
        NotFound: the ticket has no such file, or not any more.
        Forbidden: it is not the user's to take away.
    """
    with store.writing():
        ticket = see(number, user=user, store=store)
        one = _found(ticket, id, store)
        if not may_remove(user, ticket, one, store):
            raise Forbidden(say("An attachment is removed by whoever added it, the lead crew's leader or a dispatcher, before the ticket ends"))
        store.take_away_attachment(ticket.number, one, user.username, now)


def _found(ticket: Ticket, id: int, store: "Store") -> Attachment:
    for one in store.attachments_of(ticket.number):
        if one.id == id:
            return one
    raise NotFound(say("There is no such attachment, or it has been removed"))


def digest_of(data: bytes) -> str:
    """Give the SHA-256 of a file's bytes, by which it can be proved later that it is the same."""
    return hashlib.sha256(data).hexdigest()
