"""The index of tickets' words: kept as they are opened and changed, asked with filters and permissions, built anew where it was lost.

SQLite keeps the words in FTS5 under the ticket's number as rowid, PostgreSQL as a tsvector. Neither is a table of `schema`: migration 0005 makes
them, and `is_compared` keeps them out of Alembic's comparison.
"""

from collections import defaultdict
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import RowMapping, String, bindparam

from triage.labels import for_learning
from triage.people import User
from triage.search import Phrase, Query, pieces_of
from triage.store.base import Part
from triage.store.engine import busy_is_said
from triage.store.labels import JOINED, KNOWN, PERSONAL
from triage.store.queries import COLUMNS, ticket_of
from triage.store.sql import block
from triage.terms import Role
from triage.tickets import Ticket

INDEX = "ticket_words"
LAST_POSITION = 16383  # the greatest that a tsvector takes
NOWHERE = ("",)  # no unit and no team has an empty name
SAMPLE = 200


def many(*names: str) -> list[Any]:
    """Make the parameters that stand for lists of texts."""
    return [bindparam(name, expanding=True, type_=String()) for name in names]


# Whoever changes a ticket's words has its row: so has who builds them anew, and never keeps what was read before a change.
LOCK = {"sqlite": "", "postgresql": "FOR UPDATE OF tickets"}
TEXTS = f"""
    SELECT tickets.number, tickets.text, tickets.reply, {PERSONAL}
    FROM tickets
    {JOINED}
    WHERE tickets.number IN :numbers
    ORDER BY tickets.number"""
LOCKED_TEXTS = {engine: block("\n    ".join((TEXTS, lock))).bindparams(*many("numbers")) for engine, lock in LOCK.items()}
SUPPLEMENTS = block("""
    SELECT ticket_number, text
    FROM notes
    WHERE kind = 'supplement' AND ticket_number IN :numbers
    ORDER BY id""").bindparams(*many("numbers"))
KEEP = {
    "sqlite": block("""
        INSERT OR REPLACE INTO ticket_words (rowid, words)
        VALUES (CAST(:number AS INTEGER), :words)"""),
    "postgresql": block("""
        INSERT INTO ticket_words (ticket_number, words)
        VALUES (:number, CAST(:words AS tsvector))
        ON CONFLICT (ticket_number) DO UPDATE SET words = EXCLUDED.words"""),
}
IS_KEPT = {
    "sqlite": block("""
        SELECT 1
        FROM ticket_words
        WHERE rowid = CAST(:number AS INTEGER) AND words = :words"""),
    "postgresql": block("""
        SELECT 1
        FROM ticket_words
        WHERE ticket_number = :number AND words = CAST(:words AS tsvector)"""),
}
OLDEST = {
    "sqlite": block("""
        SELECT oldest.number
        FROM (SELECT MIN(number) AS number FROM tickets) AS oldest
        WHERE NOT EXISTS (SELECT 1 FROM ticket_words WHERE rowid = CAST(oldest.number AS INTEGER))"""),
    "postgresql": block("""
        SELECT oldest.number
        FROM (SELECT MIN(number) AS number FROM tickets) AS oldest
        WHERE NOT EXISTS (SELECT 1 FROM ticket_words WHERE ticket_number = oldest.number)"""),
}
COUNT_TICKETS = block("""
    SELECT COUNT(*)
    FROM tickets""")
COUNT_KEPT = block("""
    SELECT COUNT(*)
    FROM ticket_words""")
BEFORE = block("""
    SELECT number
    FROM tickets
    WHERE number < :last
    ORDER BY number DESC
    LIMIT :most""")
EVERY = block("""
    SELECT number
    FROM tickets
    WHERE CAST(SUBSTR(number, 9) AS INTEGER) % :every = 0
    ORDER BY number
    LIMIT :most""")
BELOW = block("""
    WITH RECURSIVE under(code) AS (
        SELECT code FROM units WHERE code = :unit_code
        UNION ALL
        SELECT units.code FROM units JOIN under ON units.parent_code = under.code)
    SELECT code
    FROM under""")
BY_NUMBER = block(f"""
    SELECT {COLUMNS}
    FROM tickets
    WHERE number IN :numbers""").bindparams(*many("numbers"))

# The rules of `triage.people.may_see`: the team that leads, and the one that was asked to help and still is.
SEEN = """(:is_all OR tickets.team_unit IN :units OR tickets.team_unit || '/' || tickets.department IN :teams
            OR EXISTS (
                SELECT 1
                FROM co_handlings
                WHERE co_handlings.ticket_number = tickets.number AND co_handlings.cancelled_at IS NULL
                    AND (co_handlings.team_unit IN :units OR co_handlings.team_unit || '/' || co_handlings.department IN :teams)))"""
# A number begins with the day of receipt in Shanghai, so that a period is a span of numbers.
NARROWED = """tickets.number >= :first AND tickets.number < :last
        AND (:state = '' OR tickets.state = :state
            OR (:state = 'open' AND tickets.state NOT IN ('closed', 'answered', 'referred', 'merged', 'withdrawn')))
        AND (:level = '' OR tickets.level = :level)
        AND (:department = '' OR tickets.department = :department)
        AND (:unit = '' OR tickets.unit_code IN :below OR tickets.team_unit IN :below)
        AND (:topic = '' OR tickets.topic = :topic)
        AND (:demand_type = '' OR tickets.demand_type = :demand_type)
        AND (:channel = '' OR tickets.channel = :channel)
        AND (:confidential = '' OR (:confidential = 'yes') = tickets.is_confidential)
        AND (:zone = '' OR (:zone = 'red' AND tickets.red_at <= :now)
            OR (:zone = 'yellow' AND tickets.yellow_at <= :now AND (tickets.red_at IS NULL OR tickets.red_at > :now)))"""
# From the newest back, no further than is counted. CROSS JOIN keeps SQLite to the order of the words' index. PostgreSQL's index knows no order: it
# gives the numbers of all that may fit (MATERIALIZED, and the period beside it: else the words of each ticket of the period are read), and these
# are looked at from the newest back until there are enough (OFFSET 0 keeps it from reading all tickets that the filters pass). Whether pairs stand in
# a row is seen there too: only the kept words of a ticket say so, and reading them is what costs.
BY_WORDS = {
    "sqlite": f"""
    SELECT tickets.number, CASE WHEN :order = 'relevance' THEN bm25(ticket_words) ELSE 0.0 END AS score
    FROM ticket_words
    CROSS JOIN tickets ON tickets.number = CAST(ticket_words.rowid AS TEXT)
    WHERE ticket_words MATCH :phrases AND ticket_words.rowid >= CAST(:first AS INTEGER) AND ticket_words.rowid < CAST(:last AS INTEGER)
        AND {NARROWED}
        AND {SEEN}
    ORDER BY ticket_words.rowid DESC
    LIMIT :most""",
    "postgresql": f"""
    WITH found AS MATERIALIZED (
        SELECT ticket_number
        FROM ticket_words
        WHERE words @@ CAST(:pairs AS tsquery)),
    newest AS MATERIALIZED (
        SELECT passed.number
        FROM (SELECT ticket_number FROM found WHERE ticket_number >= :first AND ticket_number < :last ORDER BY ticket_number DESC) AS one
        CROSS JOIN LATERAL (
            SELECT tickets.number
            FROM tickets
            WHERE tickets.number = one.ticket_number
                AND {NARROWED}
                AND {SEEN}
                AND (:pairs = :phrases OR EXISTS (
                    SELECT 1
                    FROM ticket_words
                    WHERE ticket_words.ticket_number = one.ticket_number AND ticket_words.words @@ CAST(:phrases AS tsquery)))
            OFFSET 0) AS passed
        LIMIT :most)
    SELECT newest.number, CASE WHEN :order = 'relevance' THEN -ts_rank(ticket_words.words, CAST(:phrases AS tsquery)) ELSE 0.0 END AS score
    FROM newest
    JOIN ticket_words ON ticket_words.ticket_number = newest.number
    ORDER BY newest.number DESC""",
}
BY_FILTERS = f"""
    SELECT tickets.number, 0.0 AS score
    FROM tickets
    WHERE {NARROWED}
        AND {SEEN}
    ORDER BY tickets.number DESC
    LIMIT :most"""
# Who may not be told who called finds no confidential ticket by who called.
BY_PERSON = f"""
    SELECT tickets.number, 0.0 AS score
    FROM contacts
    JOIN tickets ON tickets.contact_id = contacts.id
    WHERE (contacts.customer_number = :person OR contacts.phone_digest = :digest)
        AND (:is_told OR NOT (tickets.is_confidential OR contacts.is_confidential))
        AND {NARROWED}
        AND {SEEN}
    ORDER BY tickets.number DESC
    LIMIT :most"""
LISTS = ("units", "teams", "below")
FIND_WORDS = {engine: block(statement).bindparams(*many(*LISTS)) for engine, statement in BY_WORDS.items()}
FIND, FIND_PERSON = (block(statement).bindparams(*many(*LISTS)) for statement in (BY_FILTERS, BY_PERSON))


@dataclass(frozen=True)
class Checked:
    """How the index stands: tickets, those of which words are kept, how many were compared, and those of these that differ."""

    tickets: int
    kept: int
    compared: int
    differing: tuple[str, ...]

    @property
    def is_whole(self) -> bool:
        """Whether nothing is amiss."""
        return self.tickets == self.kept and not self.differing


class Search(Part):
    """Keeps the words of tickets and finds tickets by them."""

    def keep_words(self, numbers: Sequence[str]) -> None:
        """Keep the words of tickets as their texts stand now, in the transaction that changes them; the same again changes nothing."""
        rows = [{"number": number, "words": words} for number, words in self._words(numbers).items()]
        if rows:
            with busy_is_said():
                self.connection.execute(KEEP[self._engine], rows)

    def find_numbers(self, query: Query, user: User, now: datetime, most: int) -> list[str]:
        """Give the numbers of what a user may see in the order asked for; of all that there are, the newest `most`."""
        asked = self._narrowed(query, now) | self._seen(user) | {"most": most}
        if query.person:
            is_told = user.role not in (Role.HANDLER, Role.LEADER, Role.ADMIN)
            rows = self.rows(FIND_PERSON, person=query.person, digest=self.digest(query.person), is_told=is_told, **asked)
        elif query.words:
            words = PHRASES[self._engine](query.phrases)
            with self._by_the_index():
                rows = self.rows(FIND_WORDS[self._engine], **words, order=query.order, **asked)
        else:
            rows = self.rows(FIND, **asked)
        return [row["number"] for row in sorted(rows, key=lambda row: row["score"])]

    def tickets_by_number(self, numbers: Sequence[str]) -> list[Ticket]:
        """Give tickets in the order of the numbers given."""
        rows = {row["number"]: row for row in self.rows(BY_NUMBER, numbers=numbers or NOWHERE)}
        return [ticket_of(rows[number]) for number in numbers if number in rows]

    def supplements_of(self, numbers: Sequence[str]) -> dict[str, list[str]]:
        """Give what was added to tickets later (补充诉求), by number."""
        found: dict[str, list[str]] = defaultdict(list)
        for row in self.rows(SUPPLEMENTS, numbers=numbers or NOWHERE):
            found[row["ticket_number"]].append(row["text"])
        return found

    def is_index_whole(self) -> bool:
        """Say whether the oldest ticket's words are kept; building anew comes to it last."""
        return self.value(OLDEST[self._engine]) is None

    def count_tickets(self) -> int:
        """Count all tickets."""
        return int(self.value(COUNT_TICKETS))

    def rebuild_words(self, before: str, most: int) -> list[str]:
        """Keep the words of the `most` tickets before a number anew, in a transaction of its own, and give their numbers, the newest first."""
        with self.writing():
            numbers = [row["number"] for row in self.rows(BEFORE, last=before, most=most)]
            self.keep_words(numbers)
        return numbers

    def check_words(self) -> Checked:
        """Count tickets and kept words, and compare a sample from over the whole time."""
        tickets = self.count_tickets()
        numbers = [row["number"] for row in self.rows(EVERY, every=max(1, tickets // SAMPLE), most=SAMPLE)]
        with self.writing():
            words = self._words(numbers)
            differing = [number for number, kept in words.items() if self.value(IS_KEPT[self._engine], number=number, words=kept) is None]
        return Checked(tickets, int(self.value(COUNT_KEPT)), len(numbers), tuple(differing))

    @contextmanager
    def _by_the_index(self) -> Iterator[None]:
        """Have PostgreSQL ask the words' index for frequent words too: it takes reading all words for as cheap as reading one short column, though
        long ones are kept apart and have to be fetched and unpacked. The setting ends with the transaction."""
        if self._engine == "sqlite":
            yield
            return
        with self.writing():
            self.connection.exec_driver_sql("SET LOCAL enable_seqscan = off")
            yield

    @property
    def _engine(self) -> str:
        return self.connection.dialect.name

    def _words(self, numbers: Sequence[str]) -> dict[str, str]:
        """Give the words of tickets as the engine keeps them; what identifies a person is taken out first."""
        rows = self.rows(LOCKED_TEXTS[self._engine], numbers=numbers or NOWHERE)
        supplements = self.supplements_of(numbers)
        return {row["number"]: WORDS[self._engine](_pieces(row, supplements.get(row["number"], []))) for row in rows}

    def _narrowed(self, query: Query, now: datetime) -> dict[str, Any]:
        filters = query.filters
        codes = ("state", "level", "department", "unit", "topic", "demand_type", "channel", "zone", "confidential")
        return {
            **{name: filters.get(name, "") for name in codes},
            "below": self._below(filters["unit"]) if filters.get("unit") else NOWHERE,
            "first": number_on(query.since) if query.since else "0" * 16,
            "last": number_on(query.until + timedelta(days=1)) if query.until else "9" * 16,
            "now": now,
        }

    def _seen(self, user: User) -> dict[str, Any]:
        """Give whose tickets a user sees: all, those of whole units, those of teams."""
        units, teams = set(NOWHERE), set(NOWHERE)
        for hat in user.hats:
            if hat.role is Role.HANDLER:
                teams.add(f"{hat.unit_code}/{hat.department}")
            elif hat.role is Role.LEADER and hat.department:
                teams |= {f"{code}/{hat.department}" for code in self._below(hat.unit_code)}
            elif hat.role is Role.LEADER:
                units |= set(self._below(hat.unit_code))
        is_all = any(hat.role not in (Role.HANDLER, Role.LEADER) for hat in user.hats)
        return {"is_all": is_all, "units": sorted(units), "teams": sorted(teams)}

    def _below(self, unit_code: str) -> Sequence[str]:
        return [row["code"] for row in self.rows(BELOW, unit_code=unit_code)] or NOWHERE


def is_compared(thing: object, name: str | None, kind: str, _is_reflected: bool, _other: object) -> bool:
    """Say whether Alembic compares a thing with `schema`: all but the index of words and the tables that FTS5 keeps for it."""
    return not (kind == "table" and name is not None and (name == INDEX or name.startswith(f"{INDEX}_")))


def number_on(day: date) -> str:
    """Give what the numbers of a day's tickets are not less than."""
    return f"{day:%Y%m%d}{'0' * 8}"


def _pieces(row: RowMapping, supplements: Sequence[str]) -> list[str]:
    known = [row[name] for name in KNOWN if row[name]]
    return [piece for text in (row["text"], row["reply"], *supplements) for piece in pieces_of(for_learning(text, known))]


def _as_fts(pieces: Sequence[str]) -> str:
    return " ".join(pieces)


def _as_tsvector(pieces: Sequence[str]) -> str:
    return " ".join(f"'{piece}':{min(at, LAST_POSITION)}" for at, piece in enumerate(pieces, start=1))


def _fts_phrases(phrases: Sequence[Phrase]) -> dict[str, str]:
    """Write words for FTS5: each in quotes, so that nothing in it is an operator; a piece holds letters, digits and Chinese characters only."""
    return {"phrases": " AND ".join(f'"{" ".join(one.pieces)}"{" *" if one.is_prefix else ""}' for one in phrases)}


def _tsqueries(phrases: Sequence[Phrase]) -> dict[str, str]:
    """Write words for a tsquery, their pairs in a row (`phrases`) and anywhere (`pairs`); each in quotes, so that nothing in it is an operator."""
    return {"phrases": _tsquery(phrases, " <-> "), "pairs": _tsquery(phrases, " & ")}


def _tsquery(phrases: Sequence[Phrase], between: str) -> str:
    words = (between.join(f"'{piece}'" for piece in one.pieces) + (":*" if one.is_prefix else "") for one in phrases)
    return " & ".join(f"({word})" for word in words)


WORDS = {"sqlite": _as_fts, "postgresql": _as_tsvector}
PHRASES = {"sqlite": _fts_phrases, "postgresql": _tsqueries}
