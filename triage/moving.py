"""The move to another engine (换库): a database copied whole into an empty one, compared table by table, its audit chains checked.

What a restored backup goes through at its end is here too.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from itertools import islice
from typing import TYPE_CHECKING

from triage.backup import Tell
from triage.errors import Conflict, NotMigrated
from triage.store.audit import BrokenChain
from triage.store.copying import Contents, Shape, Tally
from triage.store.target import address_of, new_database, upgrade
from triage.wording import say

if TYPE_CHECKING:
    from triage.store import Store

WORDS_AT_ONCE = 500
SHOWN = 10


@dataclass(frozen=True)
class Settled:
    """A database that was filled: rows by table, and what a check of it found: the first broken chains, how many there are, figures that differ."""

    rows: Mapping[str, int]
    broken: tuple[BrokenChain, ...] = ()
    broken_count: int = 0
    wrong_figures: int = 0


def move(url: str, *, store: "Store", open_as: Callable[..., "Store"], counts: bool = False, tell: Tell = lambda words: None) -> tuple[str, Settled]:
    """Copy the store's database into an empty one of either engine; give its address, to be set from now on, and what it holds.

    Nothing in the source is changed. The copy is there as a whole or not at all.

    Args:
        url: SQLAlchemy's address of an empty database, or of a SQLite file that is not there yet.
        open_as: makes a store on a connection.
        counts: whether the figures are recounted at the end.

    Raises:
        InvalidInput: the target is not empty, cannot be reached, or does not take a row.
        NotMigrated: the source has not this version's schema.
        Conflict: somebody wrote to the source meanwhile, or the copy differs from it; the target stays empty.
    """
    address = address_of(url)
    with new_database(address) as connection:
        upgrade(connection)
        target = open_as(connection)
        if store.revision() != target.revision():
            raise NotMigrated(say("The database has not been set up or has another version; an administrator must run flask migrate first"))
        with store.snapshot():
            copied = [_copy(shape, store, target, tell) for shape in store.shapes()]
        compare(copied, target)
        settled = settle(target, tell, counts)
        _check_nobody_wrote(copied, store)
    return address.render_as_string(hide_password=True), settled


def _copy(shape: Shape, source: "Store", target: "Store", tell: Tell) -> Contents:
    tally = Tally()
    target.fill(shape, tally.counted(source.lines(shape)))
    if tally.rows:
        tell(say("{table}: {rows} rows", table=shape.name, rows=tally.rows))
    return tally.contents(shape)


def compare(wanted: Iterable[Contents], target: "Store") -> None:
    """Read back what was written.

    Raises:
        Conflict: a table holds other rows than were given to it.
    """
    for one in wanted:
        found = target.contents(one.shape)
        if found != one:
            text = say(
                "Table {table} is not the same after copying ({rows} rows, {found} arrived); nothing was kept",
                table=one.shape.name,
                rows=one.rows,
                found=found.rows,
            )
            raise Conflict(text)


def settle(target: "Store", tell: Tell, counts: bool = False) -> Settled:
    """Make a filled database ready: numbers go on, the search's index is built, the chains are checked; `counts`: the figures are recounted too.

    A recount holds all figures in memory; rows that were compared have the figures that they had before.
    """
    target.continue_numbers(target.shapes())
    target.get_to_know()
    tell(say("building the search index"))
    last = "9" * 16
    while numbers := target.rebuild_words(last, WORDS_AT_ONCE):
        last = numbers[-1]
    tell(say("checking the audit chains"))
    broken = target.breaks()
    first = tuple(islice(broken, SHOWN))
    if counts:
        tell(say("recounting the figures"))
    wrong = len(target.check_figures()) if counts and not target.figures_are_stale() else 0
    rows = {shape.name: target.count_rows(shape) for shape in target.shapes()}
    return Settled(rows, first, len(first) + sum(1 for _ in broken), wrong)


def _check_nobody_wrote(copied: Iterable[Contents], source: "Store") -> None:
    """Refuse a copy that is behind its source already: almost every write adds a row to some table."""
    for one in copied:
        if source.count_rows(one.shape) != one.rows:
            text = say("Table {table} was written to while it was copied; stop the server and move again. Nothing was kept", table=one.shape.name)
            raise Conflict(text)
