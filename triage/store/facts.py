"""The facts that figures are made of: one SELECT a source, the same for one ticket, for a list and for all.

A fact says that something countable happened to a ticket at a moment: `measure` (what), `unit_code` … `trait` (of what kind), `n` (1), `met` (0 or 1:
whether it counts for the numerator), `amount` (what is summed beside: seconds, or 1 for what is still open). Every figure is a sum over facts, and
the list behind a figure is those same facts, so that the two cannot differ. `triage/metrics.py` says which metric reads which measure.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from triage.moves import UNDO_OF
from triage.terms import Satisfaction

COUNTED = "NOT tickets.is_exempt AND tickets.state NOT IN ('merged', 'withdrawn')"
SATISFIED = f"('{Satisfaction.VERY.value}', '{Satisfaction.SATISFIED.value}')"
DIMENSIONS = ("department", "topic", "demand_type", "channel", "agent", "trait")
TOOK = ("duration", "worked")  # measures of how long a step took: by the clock on the wall, by the rules of its limit
ROUTING_ITEM = "routing"  # the item of the scorecard (派单准确) that says whether topic, department and unit were right
TIMED = ("due", *TOOK)  # measures named further by watch and step
# Upper bounds of the classes of durations in minutes; the public limits (45, 90, 120 minutes; 1, 2, 5, 7, 15, 20 days) are bounds: none is split.
CLASSES = (
    *(1, 2, 3, 5, 7, 10, 15, 20, 30, 45, 60, 90, 120, 180, 240, 360, 480, 720),
    *(1440, 2160, 2880, 4320, 5760, 7200, 10080, 14400, 21600, 28800, 43200),
)

# What the engines say differently: the Shanghai day and hour of a moment, the weekday of a day (0 for Monday), whole seconds between two, a value
# of a JSON text, its first label; that a ticket is one of those that lived in the period, so that PostgreSQL looks each of them up, and SQLite looks
# for them by when they ended; and who took the call: SQLite leaves out a column that nobody asks for, but never a join of a sum, PostgreSQL a join,
# but joins faster in bulk.
SAID = {
    "sqlite": {
        "day": "date({0}, '+8 hours')",
        "hour": "strftime('%H', {0}, '+8 hours')",
        "weekday": "(CAST(strftime('%w', {0}) AS INTEGER) + 6) % 7",
        "seconds": "CAST(strftime('%s', {1}) AS INTEGER) - CAST(strftime('%s', {0}) AS INTEGER)",
        "json": "json_extract({0}, '$.{1}')",
        "first": "json_extract({0}, '$[0][0]')",
        "later": "strftime('%Y-%m-%dT%H:%M:%f000Z', {0}, '+{1} days')",
        "lives": "{0} IN (SELECT lives.number FROM tickets AS lives WHERE {1} AND +lives.received_at < :until)",
        "contact": "",
        "agent": "(SELECT contacts.actor FROM contacts WHERE contacts.id = {0})",
    },
    "postgresql": {
        "day": "CAST({0} AT TIME ZONE 'Asia/Shanghai' AS date)",
        "hour": "to_char({0} AT TIME ZONE 'Asia/Shanghai', 'HH24')",
        "weekday": "CAST(EXTRACT(ISODOW FROM {0}) AS INTEGER) - 1",
        "seconds": "FLOOR(EXTRACT(EPOCH FROM {1})) - FLOOR(EXTRACT(EPOCH FROM {0}))",
        "json": "CAST({0} AS json) ->> '{1}'",
        "first": "CAST({0} AS json) -> 0 ->> 0",
        "later": "{0} + interval '{1} days'",
        "lives": "{0} = ANY (ARRAY(SELECT lives.number FROM tickets AS lives WHERE {1} AND lives.received_at < :until))",
        "contact": "LEFT JOIN contacts ON contacts.id = {0}",
        "agent": "contacts.actor",
    },
}


@dataclass(frozen=True)
class Source:
    """Where facts come from: tables, which rows, and what each row says. `parts` are the columns that a measure's name is made of behind `name`;
    `home` is the column in which the unit stands, where an index leads from it and `at` to the rows; `of_life` is the column of the ticket's number,
    where only the ticket knows the unit: what happens to a ticket happens between its receipt and its end, for which there is an index by unit.

    `{day}`-like names in braces are the engine's own words (`SAID`), filled in by `select`.
    """

    name: str
    tables: str
    where: str
    at: str
    met: str = "0"
    amount: str = "0"
    trait: str = "''"
    unit: str = "COALESCE(tickets.team_unit, tickets.unit_code, '')"
    department: str = "COALESCE(tickets.department, '')"
    home: str = ""
    of_life: str = ""
    parts: tuple[str, ...] = ()

    @property
    def measure(self) -> str:
        """The measure's name as an expression."""
        return " || '.' || ".join([f"'{self.name}'", *self.parts])

    @property
    def places(self) -> tuple[str, ...]:
        """The conditions that narrow it to the units `under`, each row in one of them: by its home or its ticket, for which there are indexes."""
        if self.of_life:
            return tuple(f" AND {{{self.of_life},{where}|lives}}" for where in ALIVE)
        if not self.home:
            return (f" AND {self.unit} IN (SELECT code FROM under)",)
        return (
            f" AND {self.home} IN (SELECT code FROM under)",
            f" AND {self.home} IS NULL AND {self.unit} IN (SELECT code FROM under)",
        )


TEAM = "tickets.team_unit"
ALIVE = (
    "lives.team_unit IN (SELECT code FROM under) AND lives.closed_at >= :since",
    "lives.team_unit IN (SELECT code FROM under) AND lives.closed_at IS NULL",
    "lives.team_unit IS NULL AND lives.closed_at >= :since AND lives.unit_code IN (SELECT code FROM under)",
    "lives.team_unit IS NULL AND lives.closed_at IS NULL AND lives.unit_code IN (SELECT code FROM under)",
)
OF_TICKETS = """tickets
    {tickets.contact_id|contact}"""


def of(table: str) -> str:
    """Give the tables for facts about rows that belong to a ticket."""
    return f"""{table}
    JOIN tickets ON tickets.number = {table}.ticket_number
    {{tickets.contact_id|contact}}"""


def classes(seconds: str) -> str:
    """Give the class of a duration as an expression: two digits, the first upper bound that it does not pass.

    SQLite would compute `seconds` anew for each bound; of a DISTINCT subquery it takes what is there.
    """
    bounds = " ".join(f"WHEN took <= {60 * bound} THEN '{place:02d}'" for place, bound in enumerate(CLASSES))
    return f"(SELECT CASE {bounds} ELSE '{len(CLASSES):02d}' END FROM (SELECT DISTINCT {seconds} AS took) AS taken)"


STEP_UNIT = "COALESCE(steps.unit_code, tickets.team_unit, tickets.unit_code, '')"
STEP_DEPARTMENT = "COALESCE(steps.department, '')"
SENT = "outcome = 'dispatched' AND {0}.made_by NOT IN ('department', 'second', 'taken_back')"
SENT_LATER = f"""(
        SELECT MIN(later.made_at)
        FROM decisions AS later
        WHERE later.ticket_number = decisions.ticket_number AND later.id > decisions.id AND later.{SENT.format("later")})"""
RETURNED = "('return', 'grant_return')"
SENT_BEFORE = f"""(
        SELECT {{column}}
        FROM decisions AS sent
        WHERE sent.ticket_number = audit.ticket_number AND sent.made_at <= audit.happened_at AND sent.{SENT.format("sent")}
        ORDER BY sent.id DESC
        LIMIT 1)"""
CALLS = """(1 + tickets.chases + (
        SELECT COUNT(*)
        FROM links
        WHERE links.other_number = tickets.number AND links.kind = 'repeat'))"""
CALLED_AGAIN = """EXISTS (
        SELECT 1
        FROM links
        WHERE links.other_number = tickets.number AND links.kind = 'repeat' AND links.made_at > {ended} AND links.made_at <= {later})"""


def flag(condition: str) -> str:
    """Give 1 where a condition holds and 0 where not."""
    return f"CASE WHEN {condition} THEN 1 ELSE 0 END"


def kept(action: str, entry: str = "audit") -> str:
    """Say that an entry of the trail was not taken back: no undo comes after it before the same is done again."""
    return f"""NOT EXISTS (
        SELECT 1
        FROM audit AS undone
        WHERE undone.ticket_number = tickets.number AND undone.action = 'undo_{action}' AND undone.seq > {entry}.seq AND NOT EXISTS (
            SELECT 1
            FROM audit AS again
            WHERE again.ticket_number = tickets.number AND again.action = '{action}' AND again.seq > {entry}.seq AND again.seq < undone.seq))"""


def first_of(action: str) -> str:
    """Say that an audit entry is its ticket's first of an action that was not taken back; asked by the ticket, so only of tickets in scope."""
    own, beside = (f"{kept(action)} AND ", f" AND {kept(action, 'earlier')}") if action in UNDO_OF else ("", "")
    return f"""audit.action = '{action}' AND {own}NOT EXISTS (
        SELECT 1
        FROM audit AS earlier
        WHERE earlier.ticket_number = tickets.number AND earlier.action = '{action}' AND earlier.seq < audit.seq{beside})"""


def other_card(card: str, given: str = "TRUE") -> str:
    """Give the earlier card of the same ticket and sample with its points for routing: who has the second card closes the pair (two auditors)."""
    return f"""(
        SELECT 1
        FROM assessments AS other
        JOIN assessment_scores AS given ON given.assessment_id = other.id AND given.item = '{ROUTING_ITEM}'
        WHERE other.sample_id = {card}.sample_id AND other.ticket_number = {card}.ticket_number AND other.id < {card}.id AND {given})"""


def took(name: str, seconds: str, known: str = "") -> Source:
    """Give the source of how long steps took that have ended, in whole seconds of one clock or the other, by when they fell due."""
    return Source(
        name,
        of("steps"),
        f"steps.voided_at IS NULL AND steps.ended_at IS NOT NULL{known} AND {COUNTED}",
        at="steps.due_at",
        amount=seconds,
        trait=classes(seconds),
        unit=STEP_UNIT,
        home="steps.unit_code",
        department=STEP_DEPARTMENT,
        parts=("steps.watch", "steps.step"),
    )


SOURCES = (
    Source(
        "due",
        of("steps"),
        f"steps.voided_at IS NULL AND {COUNTED}",
        at="steps.due_at",
        met=flag("steps.ended_at < steps.red_at"),
        amount=flag("steps.ended_at IS NULL"),
        trait="CASE WHEN steps.step <> 'dispatch' OR steps.ended_at IS NULL THEN '' WHEN steps.is_by_machine THEN 'machine' ELSE 'person' END",
        unit=STEP_UNIT,
        home="steps.unit_code",
        department=STEP_DEPARTMENT,
        parts=("steps.watch", "steps.step"),
    ),
    took("duration", "({steps.started_at,steps.ended_at|seconds})"),
    took("worked", "steps.used_seconds", " AND steps.used_seconds IS NOT NULL"),
    Source("received", OF_TICKETS, COUNTED, at="tickets.received_at", met=flag("tickets.chases > 0"), trait="{tickets.received_at|hour}", home=TEAM),
    Source(
        "excluded",
        OF_TICKETS,
        f"NOT ({COUNTED})",
        at="tickets.received_at",
        trait="CASE WHEN tickets.state IN ('merged', 'withdrawn') THEN tickets.state ELSE 'exempt' END",
        home=TEAM,
    ),
    Source(
        "complaint",
        OF_TICKETS,
        f"tickets.demand_type = 'complaint' AND NOT tickets.is_malicious AND {COUNTED}",
        at="tickets.received_at",
        home=TEAM,
    ),
    Source(
        "handled",
        OF_TICKETS,
        f"""COALESCE(tickets.demand_type, '') NOT IN ('fault', 'praise') AND NOT tickets.is_malicious
        AND NOT (tickets.state = 'answered' AND COALESCE(tickets.demand_type, '') = 'enquiry') AND {COUNTED}""",
        at="tickets.received_at",
        home=TEAM,
    ),
    Source(
        "event",
        OF_TICKETS,
        f"NOT EXISTS (SELECT 1 FROM links WHERE links.ticket_number = tickets.number AND links.kind = 'repeat') AND {COUNTED}",
        at="tickets.received_at",
        met=flag(f"{CALLS} >= 2"),
        amount=flag(f"{CALLS} >= 3"),
        trait=f"CASE WHEN {CALLS} = 1 THEN '1' WHEN {CALLS} = 2 THEN '2' ELSE '3' END",
        home=TEAM,
    ),
    Source(
        "dispatch",
        of("decisions"),
        f"decisions.{SENT.format('decisions')} AND {COUNTED}",
        at="decisions.made_at",
        met=flag(
            f"""NOT EXISTS (
        SELECT 1
        FROM audit
        WHERE audit.ticket_number = decisions.ticket_number
            AND (audit.action IN {RETURNED} AND audit.happened_at >= decisions.made_at
                OR audit.action = 'reroute' AND audit.happened_at > decisions.made_at)
            AND ({SENT_LATER} IS NULL OR audit.happened_at <= {SENT_LATER}))"""
        ),
        trait="CASE WHEN decisions.made_by IN ('model', 'rule') THEN 'machine' ELSE 'person' END",
        unit="COALESCE(decisions.team_unit, decisions.unit_code, '')",
        home="decisions.team_unit",
        department="COALESCE(decisions.department, '')",
    ),
    Source(
        "return",
        of("audit"),
        f"audit.action IN {RETURNED} AND {COUNTED}",
        at="audit.happened_at",
        trait="""COALESCE({audit.detail_json,return_reason|json}, (
        SELECT requests.value
        FROM requests
        WHERE requests.ticket_number = audit.ticket_number AND requests.kind = 'return' AND requests.decided_at = audit.happened_at
        ORDER BY requests.id DESC
        LIMIT 1), '')""",
        unit=f"COALESCE({SENT_BEFORE.format(column='sent.team_unit')}, '')",
        department=f"COALESCE({SENT_BEFORE.format(column='sent.department')}, '')",
    ),
    Source(
        "override",
        f"""{of("decisions")}
    JOIN predictions ON predictions.id = (
        SELECT MAX(seen.id)
        FROM predictions AS seen
        WHERE seen.ticket_number = decisions.ticket_number AND seen.made_at <= decisions.made_at)""",
        f"decisions.made_by IN ('agent', 'dispatcher') AND {COUNTED}",
        at="decisions.made_at",
        met=flag(
            """COALESCE(decisions.topic, '') <> COALESCE({predictions.topics_json|first}, '')
            OR COALESCE(decisions.demand_type, '') <> COALESCE({predictions.demand_types_json|first}, '')"""
        ),
        trait="decisions.made_by",
        of_life="decisions.ticket_number",
    ),
    Source("satisfaction", of("audit"), f"audit.action = 'callback' AND {kept('callback')} AND {COUNTED}", at="audit.happened_at",
           met=flag("{audit.detail_json,satisfaction|json} IN " + SATISFIED), trait="COALESCE({audit.detail_json,satisfaction|json}, '')",
           of_life="audit.ticket_number"),
    Source(
        "callback",
        of("steps"),
        f"steps.step = 'callback' AND steps.watch = 'customer' AND steps.voided_at IS NULL AND {COUNTED}",
        at="steps.due_at",
        met=flag("""EXISTS (
        SELECT 1
        FROM audit
        WHERE audit.ticket_number = steps.ticket_number AND audit.action = 'callback' AND audit.happened_at = steps.ended_at)"""),
        amount=flag("steps.ended_at IS NULL"),
        trait="CASE WHEN tickets.attempts < 3 THEN CAST(tickets.attempts AS VARCHAR(2)) ELSE '3' END",
    ),
    Source("resolved", of("audit"), f"{first_of('resolve')} AND {COUNTED}", at="audit.happened_at", met=flag("tickets.reopenings > 0"),
           of_life="audit.ticket_number"),
    Source(
        "closed",
        of("audit"),
        f"{first_of('close')} AND {COUNTED}",
        at="audit.happened_at",
        met=flag("tickets.reopenings = 0 AND NOT " + CALLED_AGAIN.format(ended="audit.happened_at", later="{audit.happened_at,60|later}")),
        of_life="audit.ticket_number",
    ),
    Source(
        "closed",
        OF_TICKETS,
        f"tickets.state = 'answered' AND {COUNTED}",
        at="tickets.closed_at",
        met=flag("NOT " + CALLED_AGAIN.format(ended="tickets.closed_at", later="{tickets.closed_at,60|later}")),
    ),
    Source(
        "upheld",
        of("audit"),
        f"""audit.action = 'resolve' AND tickets.demand_type = 'complaint' AND tickets.finding <> '' AND NOT EXISTS (
        SELECT 1
        FROM audit AS later
        WHERE later.ticket_number = tickets.number AND later.action = 'resolve' AND later.seq > audit.seq) AND {COUNTED}""",
        at="audit.happened_at",
        met=flag("tickets.finding = 'upheld'"),
        trait="tickets.finding",
        of_life="audit.ticket_number",
    ),
    Source(
        "checked",
        f"""{of("assessments")}
    JOIN assessment_scores ON assessment_scores.assessment_id = assessments.id AND assessment_scores.item = '{ROUTING_ITEM}'
    JOIN decisions ON decisions.id = (
        SELECT MIN(sent.id)
        FROM decisions AS sent
        WHERE sent.ticket_number = tickets.number AND sent.{SENT.format("sent")})""",
        f"""decisions.made_by IN ('model', 'rule') AND EXISTS {other_card("assessments")} AND NOT EXISTS (
        SELECT 1
        FROM assessments AS former
        JOIN assessment_scores AS score ON score.assessment_id = former.id AND score.item = '{ROUTING_ITEM}'
        WHERE former.ticket_number = tickets.number AND former.id < assessments.id AND EXISTS {other_card("former")}) AND {COUNTED}""",
        at="decisions.made_at",
        met=flag(f"assessment_scores.points < assessment_scores.most OR EXISTS {other_card('assessments', 'given.points < given.most')}"),
    ),
)  # fmt: skip
NAMES = tuple(dict.fromkeys(source.name for source in SOURCES))


def said(expression: str, engine: str) -> str:
    """Fill in what an engine says in its own words: `{column,other|word}`."""
    filled = expression
    while "|" in filled and (start := filled.find("{")) >= 0:
        end = filled.index("}", start)
        given, word = filled[start + 1 : end].split("|")
        filled = filled[:start] + SAID[engine][word].format(*given.split(",")) + filled[end + 1 :]
    return filled


def select(source: Source, engine: str, narrowed: str = "", *, columns: Mapping[str, str] | None = None) -> str:
    """Give a source's SELECT for an engine; `narrowed` is put behind its condition, `columns` beside its own."""
    beside = "".join(f",\n        {expression} AS {name}" for name, expression in (columns or {}).items())
    return said(
        f"""SELECT tickets.number AS ticket_number, {source.measure} AS measure, {{{source.at}|day}} AS day_on, {source.unit} AS unit_code,
        {source.department} AS department, COALESCE(tickets.topic, '') AS topic, COALESCE(tickets.demand_type, '') AS demand_type,
        tickets.channel AS channel, {{tickets.contact_id|agent}} AS agent, {source.trait} AS trait, 1 AS n, {source.met} AS met,
        {source.amount} AS amount{beside}
    FROM {source.tables}
    WHERE {source.where}{narrowed}""",
        engine,
    )


def open_ages(engine: str) -> str:
    """Give the SELECT of how many steps are open since how long, for an engine: `age` in seconds, whole minutes below a day, then whole hours, as the
    bounds of the classes are. Of a ticket that was merged or withdrawn no step is open; the ticket is looked at only where its step has no unit."""
    return said(
        """
    WITH RECURSIVE under(code) AS (
        SELECT code FROM units WHERE code IN :units
        UNION
        SELECT units.code FROM units JOIN under ON units.parent_code = under.code)
    SELECT CASE WHEN took < 86400 THEN took / 60 * 60 ELSE took / 3600 * 3600 END AS age, COUNT(*) AS many
    FROM (
        SELECT CAST({steps.started_at,:now|seconds} AS INTEGER) AS took
        FROM steps
        WHERE steps.watch = :watch AND steps.step = :step AND steps.ended_at IS NULL AND steps.voided_at IS NULL
            AND steps.due_at >= :since AND steps.due_at < :until AND steps.red_at <= :now
            AND steps.ticket_number NOT IN (SELECT number FROM tickets WHERE is_exempt)
            AND (:is_everything OR steps.unit_code IN (SELECT code FROM under) OR steps.unit_code IS NULL AND EXISTS (
                SELECT 1
                FROM tickets
                WHERE tickets.number = steps.ticket_number AND COALESCE(tickets.team_unit, tickets.unit_code, '') IN (SELECT code FROM under)))
        ) AS still_open
    GROUP BY age""",
        engine,
    )
