"""Import a file of complaints: every row becomes a ticket or stands among the refused rows with its reason."""

import hashlib
import time
from collections import Counter
from collections.abc import Iterable, Iterator
from datetime import datetime
from itertools import islice
from pathlib import Path

import click
from flask.cli import with_appcontext
from tqdm import tqdm

from routes.commands.common import moment, open_store, says_what_is_wrong
from routes.request import parts
from tables import Row, open_table, open_writer
from triage.complaint import Contact, read_contact
from triage.errors import InvalidInput, Problem
from triage.intake import receive
from triage.moments import read_moment
from triage.rules import Rules
from triage.staging import staging
from triage.store import Store
from triage.terms import Channel
from triage.tickets import Ticket

BATCH = 200
OPTIONAL = ("channel", "phone", "caller_name", "customer_number", "address", "unit_code", "locality")
ACTOR = "import"


class Imports(click.Group):
    """The commands below `flask import`; a file that stands right behind it holds complaints."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Put the name of the command for complaints before what names none."""
        is_named = not args or args[0] in self.commands or args[0] in ctx.help_option_names
        return super().parse_args(ctx, args if is_named else ["complaints", *args])


@click.group("import", cls=Imports)
def imports() -> None:
    """Import a file: `flask import FILE --text COLUMN` takes complaints, the commands below take other things."""


@imports.command("complaints")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--text", "text_column", required=True, help="Column of the complaint's text.")
@click.option("--received", default="", help="Column of the moment of receipt (Shanghai time unless it has a zone); else now.")
@click.option("--map", "mapping", multiple=True, metavar="FIELD=COLUMN", help=f"Further columns: {', '.join(OPTIONAL)}.")
@click.option(
    "--channel",
    type=click.Choice([c.value for c in Channel]),
    default=Channel.PHONE.value,
    help="Channel of rows without one.",
)
@click.option("--unit", default="", help="Code of the supply unit of rows without one.")
@click.option("--limit", type=click.IntRange(1), default=None, help="Only the first N rows.")
@click.option(
    "--rejects",
    type=click.Path(dir_okay=False, path_type=Path),
    default=None,
    help="Where refused rows go (default: FILE.rejected.csv).",
)
@with_appcontext
@says_what_is_wrong
def import_file(
    file: Path,
    text_column: str,
    received: str,
    mapping: tuple[str, ...],
    channel: str,
    unit: str,
    limit: int | None,
    rejects: Path | None,
) -> None:
    """Take every row of a CSV, TSV, NDJSON or XLSX file as a complaint; importing the same file again makes no ticket twice.

    The whole file is read before the first row is taken: one that cannot be read to its end changes nothing.
    """
    columns = {"text": text_column, **read_mapping(mapping)}
    defaults = {"channel": channel, "unit_code": unit}
    names = [*columns.values(), *([received] if received else [])]
    taken: list[Ticket] = []
    refused: list[tuple[Row, str]] = []
    known = 0
    began = time.perf_counter()
    with open_store() as store, open_table(file, need=names) as table, staging(table.columns) as staged:
        total = staged.fill((row.number, row.values) for row in islice(iter(table), limit))
        rules, key = store.rules(), file_key(file)
        rows = tqdm((Row(number, values) for number, values in staged), total=total, unit=" rows", disable=None)
        for batch in batches(rows):
            fresh = [row for row in batch if not store.is_submitted(f"file-{key}-{row.number}")]
            known += len(batch) - len(fresh)
            readable = [pair for row in fresh if (pair := read_row(row, columns, received, defaults, key, refused))]
            taken += take(readable, store, rules, refused)
        header = list(table.columns)
    place = write_rejects(rejects or file.with_name(f"{file.name}.rejected.csv"), header, refused)
    tell(taken, refused, known, place, rules, time.perf_counter() - began)


def read_mapping(mapping: Iterable[str]) -> dict[str, str]:
    """Read FIELD=COLUMN pairs.

    Raises:
        InvalidInput: a pair is malformed or names no field of a contact.
    """
    pairs = [pair.partition("=") for pair in mapping]
    wrong = [
        Problem("--map", f"{field}: use FIELD=COLUMN with a field of {', '.join(OPTIONAL)}")
        for field, _, column in pairs
        if field not in OPTIONAL or not column
    ]
    if wrong:
        raise InvalidInput(*wrong)
    return {field: column for field, _, column in pairs}


def file_key(file: Path) -> str:
    """Give a digest of the file's content: with the row's number it is the submission's key."""
    with file.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()[:24]


def batches(rows: Iterable[Row], size: int = BATCH) -> Iterator[list[Row]]:
    """Give the rows in portions, so that the model predicts many texts at once."""
    iterator = iter(rows)
    while batch := list(islice(iterator, size)):
        yield batch


def read_row(
    row: Row, columns: dict[str, str], received: str, defaults: dict[str, str], key: str, refused: list[tuple[Row, str]]
) -> tuple[Row, Contact, datetime] | None:
    """Make a contact of a row, or put the row among the refused with the reason."""
    values = {field: row.values[column] for field, column in columns.items()}
    text = values.pop("text")
    try:
        at = read_moment(row.values[received], received) if received else moment()
        contact = read_contact(
            {
                **defaults,
                **{k: v for k, v in values.items() if v},
                "complaints": [{"text": text}],
                "submission_key": f"file-{key}-{row.number}",
            }
        )
    except InvalidInput as error:
        refused.append((row, error.message))
        return None
    return row, contact, at


def take(readable: list[tuple[Row, Contact, datetime]], store: Store, rules: Rules, refused: list[tuple[Row, str]]) -> list[Ticket]:
    """Receive a batch: predicted together, kept one transaction a contact."""
    texts = [contact.complaints[0].text for _, contact, _ in readable]
    predictions = dict(zip(texts, parts().predict_many(texts), strict=True))
    taken: list[Ticket] = []
    for row, contact, at in readable:
        try:
            taken += receive(contact, predict=lambda text: predictions[text], rules=rules, store=store, now=at, actor=ACTOR)
        except InvalidInput as error:
            refused.append((row, error.message))
    return taken


def write_rejects(path: Path, header: list[str], refused: list[tuple[Row, str]]) -> Path | None:
    """Write the refused rows with their number and reason, ready to be mended and imported again."""
    if not refused:
        return None
    with open_writer(path, ["row", "reason", *header]) as out:
        for row, reason in refused:
            out.write({"row": str(row.number), "reason": reason, **row.values})
    return path


def tell(taken: list[Ticket], refused: list[tuple[Row, str]], known: int, place: Path | None, rules: Rules, seconds: float) -> None:
    """Say what became of the rows."""
    click.echo(f"{len(taken)} tickets, {len(refused)} rows refused, {known} rows imported before, {seconds:.1f} s")
    if place:
        click.echo(f"refused rows with reasons: {place}")
    if not taken:
        return
    for title, counts in (
        ("state", Counter(ticket.state.label for ticket in taken)),
        ("level", Counter(ticket.level.label for ticket in taken)),
        ("department", Counter(rules.departments.get(ticket.department or "", "-") for ticket in taken)),
        ("topic", Counter(rules.topics[ticket.topic].name if ticket.topic else "-" for ticket in taken)),
    ):
        click.echo(f"by {title}: " + ", ".join(f"{name} {count}" for name, count in counts.most_common(12)))
