"""What a value of a reference row must be: its choices, what it refers to, its form; every refusal names the column and says how to mend it."""

import re
from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from datetime import date
from typing import TYPE_CHECKING, Any

from triage.calendar import CLOCKS, parse_spans
from triage.clocks import UNITS
from triage.errors import InvalidInput, Problem
from triage.moves import MOVES
from triage.outlets import open_outlet
from triage.rules import LIST, expand
from triage.store.reference import TABLES, typed
from triage.templates import check_template
from triage.terms import Channel, Level, Locality, ReportKind, Role, Step, Term, Weekday
from triage.texts import clean
from triage.wording import say

if TYPE_CHECKING:
    from triage.store import Store

LABELS = {
    "id": say("Number"),
    "code": say("Code"),
    "name": say("Name"),
    "line": say("Line of work"),
    "handles": say("Duties"),
    "handling": say("Handling"),
    "cost_when_missed": say("Cost of missing it"),
    "definition": say("Meaning"),
    "signal": say("Recognised by"),
    "level1_code": say("Level 1 code"),
    "level1": say("Level 1"),
    "level2_code": say("Level 2 code"),
    "level2": say("Level 2"),
    "level3": say("Level 3"),
    "lead_department": say("Lead department"),
    "support_departments": say("Supporting departments"),
    "co_department": say("Co-handling department"),
    "not_this": say("Does not include"),
    "demand_type": say("Demand type"),
    "topic": say("Topic"),
    "zone": say("Locality"),
    "channel": say("Channel"),
    "step": say("Step"),
    "steps": say("Step"),
    "points": say("Full marks"),
    "place": say("Order"),
    "guidance": say("Scoring guidance"),
    "kind": say("Kind"),
    "formats": say("Format"),
    "recipients": say("Notify"),
    "from_event": say("Counted from"),
    "amount": say("Limit"),
    "unit": say("Unit"),
    "clock": say("Clock"),
    "yellow_fraction": say("Warning share"),
    "is_pausable": say("Can be paused"),
    "is_confidential": say("Confidential"),
    "is_negation": say("Negating"),
    "is_on": say("Enable"),
    "is_working": say("At work"),
    "valid_from_on": say("Effective date"),
    "valid_until_on": say("Expiry date"),
    "when": say("Condition"),
    "effect": say("Effect"),
    "level": say("Level"),
    "rule": say("Rule"),
    "pattern": say("Pattern"),
    "words": say("Words"),
    "numerator": say("Numerator"),
    "denominator": say("Denominator"),
    "maturity_days": say("Observation period (days)"),
    "value": say("Value"),
    "month": say("Month"),
    "day": say("Day of the month"),
    "cap_hours": say("Longest in total (hours)"),
    "most_times": say("Most times"),
    "most_amount": say("Longest each time"),
    "granted_by": say("Approver"),
    "mark": say("Mark"),
    "multiple": say("Multiple"),
    "recipient": say("Who is notified"),
    "outlet": say("Outgoing channel"),
    "address": say("Address"),
    "move": say("Action"),
    "text": say("Content"),
    "owner": say("Responsible party"),
    "advice": say("What to tell the customer"),
    "unit_code": say("Supply unit"),
    "weekday": say("Weekday"),
    "spans": say("Office hours"),
    "day_on": say("Date"),
    "note": say("Note"),
    "basis": say("Basis"),
    "source": say("Source"),
}
ANY = {"", "*"}
EVENTS = {
    "received": say("Receive"),
    "dispatched": say("Dispatch"),
    "accepted": say("Accept"),
    "contacted": say("Contact the customer"),
    "arrived": say("Arrive on site"),
    "resolved": say("Resolve and reply"),
    "reviewed": say("Pass the review"),
    "called_back": say("Callback"),
    "returned": say("Return"),
    "reopened": say("Reopen"),
    "extension_asked": say("Request an extension"),
    "appealed": say("Appeal"),
    "chased": say("Chase"),
    "co_asked": say("Request co-handling"),
}
MARKS = {"yellow": say("Warning"), "red": say("Overdue"), "multiple": say("Multiple of the limit")}
RECIPIENTS = {
    "assignee": say("Assignee"),
    "team_leader": say("Crew leader"),
    "parent_leader": say("Leader of the unit above"),
    "city_leader": say("City company leader"),
    "dispatcher": say("Dispatcher"),
    "auditor": say("Auditor"),
}
AUDIT_UNITS = {"seconds": say("seconds"), "minutes": say("minutes"), "times": say("times"), "grade": say("Rating grade")}
WEEKDAYS = {"0": say("Any working day"), **{day.value: day.label for day in Weekday}}


def labels(terms: Iterable[Term], **more: str) -> dict[str, str]:
    """Give terms as codes with their Chinese names."""
    return {**more, **{term.value: term.label for term in terms}}


EVERY = {"": say("Any")}
BASES = {
    "corroborated": say("Confirmed by several sources"),
    "single-source": say("Single source"),
    "background": say("Common knowledge of the trade, to be verified"),
    "inferred": say("Inferred by this system"),
}
CHOICES: Mapping[tuple[str, str], Mapping[str, str]] = {
    ("time_limits", "step"): labels(Step),
    ("time_limits", "from_event"): EVENTS,
    ("time_limits", "unit"): {code: name for code, (_, name) in UNITS.items()},
    ("time_limits", "clock"): CLOCKS,
    ("time_limits", "zone"): EVERY | {"*": say("Any")} | labels(Locality),
    ("time_limits", "channel"): EVERY | {"*": say("Any")} | labels(Channel),
    ("attention", "level"): EVERY | labels(Level),
    ("extension_rules", "unit"): {code: name for code, (_, name) in UNITS.items()},
    ("extension_rules", "granted_by"): labels((Role.DISPATCHER, Role.LEADER)),
    ("escalations", "step"): EVERY | labels(Step),
    ("escalations", "level"): EVERY | labels(Level),
    ("escalations", "mark"): MARKS,
    ("escalations", "recipient"): RECIPIENTS,
    ("reply_templates", "move"): {move.code: move.label for move in MOVES},
    ("office_hours", "weekday"): WEEKDAYS,
    ("suspicion_rules", "unit"): AUDIT_UNITS,
    ("report_schedules", "kind"): labels(ReportKind),
}
REFERS = {
    "lead_department": "departments",
    "co_department": "departments",
    "demand_type": "demand_types",
    "topic": "topics",
    "rule": "attention",
    "outlet": "outlets",
    "unit_code": "units",
}
REPORT_FORMATS = ("pdf", "xlsx", "html")
FREE = {("suspicion_rules", "rule")}  # columns that have the name of a reference, but hold words
MUST: Mapping[str, tuple[str, ...]] = {
    "topics": ("lead_department",),
    "routing": ("demand_type", "lead_department"),
    "attention_patterns": ("rule", "pattern"),
    "time_limits": ("demand_type", "step", "from_event", "amount", "unit", "clock", "yellow_fraction"),
    "fixed_holidays": ("month", "day", "name"),
    "return_reasons": ("code", "name"),
    "exemption_reasons": ("code", "name"),
    "pause_kinds": ("code", "name", "steps", "cap_hours"),
    "extension_rules": ("demand_type", "most_times", "most_amount", "unit", "granted_by"),
    "reply_templates": ("code", "name", "move", "text"),
    "referral_advice": ("code", "name", "owner", "words", "advice"),
    "escalations": ("code", "mark", "multiple", "recipient", "outlet"),
    "outlets": ("code", "name", "address"),
    "office_hours": ("unit_code", "weekday"),
    "unit_days": ("unit_code", "day_on", "is_working"),
    "suspicion_rules": ("name", "amount", "unit"),
    "scorecard_items": ("code", "name", "points", "place"),
    "report_schedules": ("code", "kind", "formats"),
}
STARRED = (("time_limits", "demand_type"), ("extension_rules", "demand_type"))
BETWEEN: Mapping[tuple[str, str], tuple[float, float, str]] = {
    ("time_limits", "amount"): (1e-6, 9999, say("Must be a number greater than 0")),
    ("time_limits", "yellow_fraction"): (1e-6, 1, say("Must be between 0 and 1")),
    ("pause_kinds", "cap_hours"): (1e-6, 8784, say("Must be a number of hours greater than 0 and at most 8784 (one year)")),
    ("extension_rules", "most_times"): (0, 9, say("Must be a number of times from 0 to 9; 0 means no extension")),
    ("extension_rules", "most_amount"): (0, 999, say("Must be a number from 0 to 999")),
    ("suspicion_rules", "amount"): (1, 9999, say("Must be a number from 1 to 9999")),
    ("scorecard_items", "points"): (0.5, 1000, say("Must be points from 0.5 to 1000")),
    ("scorecard_items", "place"): (0, 999, say("Must be a place in order from 0 to 999")),
    ("escalations", "multiple"): (1, 99, say("Must be a multiple from 1 to 99")),
    ("fixed_holidays", "month"): (1, 12, say("Must be a month from 1 to 12")),
    ("fixed_holidays", "day"): (1, 31, say("Must be a day from 1 to 31")),
}
# What a person should know before filling in a field.
HINTS: Mapping[str, Mapping[str, str]] = {
    "time_limits": {
        "demand_type": say("* means any type"),
        "yellow_fraction": say("The share of the limit after which to warn, such as 0.7"),
        "valid_from_on": say("Steps that start on or after this day follow the new values; those that started earlier do not change"),
        "valid_until_on": say("No longer applies from this day on; leave empty for always"),
    },
    "pause_kinds": {
        "steps": say("Steps whose clock stops, separated by semicolons, such as contact;resolve"),
        "cap_hours": say("The longest pause of one ticket in all"),
    },
    "extension_rules": {"demand_type": say("* means any other type")},
    "escalations": {"multiple": say("Enter 2, 3… if the mark is a multiple of the limit; otherwise enter 1")},
    "outlets": {
        "address": say("console:, file:FILE, smtp://…, https://…#SECRET; to keep it secret the present address is not shown; leave empty to keep it")
    },
    "reply_templates": {
        "text": say("You may write {topic} for the topic, {due} for the limit, {unit} for the unit, {department} for the department")
    },
    "referral_advice": {"words": say("Words in the customer's text that bring up this advice, separated by |")},
    "office_hours": {
        "spans": say("Such as 08:30-12:00;14:00-17:30; for a day with its own row, leave empty if the office is closed"),
        "weekday": say("A day with its own row follows that row"),
    },
    "report_schedules": {
        "unit_code": say("Leave empty for the topmost unit"),
        "formats": say("pdf, xlsx, html; separate several with semicolons"),
        "recipients": say("Whom to notify when it is ready: usernames, separated by semicolons"),
    },
    "unit_days": {"is_working": say("1 working, 0 off; this overrides the national calendar")},
    "attention_patterns": {"pattern": say("A regular expression; {name of a word list} stands for that list")},
}
GROWING = (
    "routing",
    "time_limits",
    "attention_patterns",
    "fixed_holidays",
    "return_reasons",
    "exemption_reasons",
    "pause_kinds",
    "extension_rules",
    "reply_templates",
    "referral_advice",
    "escalations",
    "outlets",
    "office_hours",
    "unit_days",
    "scorecard_items",
    "report_schedules",
)
# Codes that the product itself acts by.
FIXED = {("pause_kinds", "appointed"), ("pause_kinds", "callback_appointed"), ("extension_rules", "*"), ("outlets", "console")}
GOVERNS = ("time_limits", "fixed_holidays", "pause_kinds", "office_hours", "unit_days")  # what the open tickets' deadlines depend on
CODE = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,63}")
TIME = r"([01]\d|2[0-3]):[0-5]\d"
SWITCHES: Mapping[str, tuple[str, str]] = {
    "automatic_dispatch": (r"on|off", say("Enter on or off")),
    "gate_threshold": (
        r"(0(\.\d{1,6})?|1(\.0{1,6})?)?",
        say("Enter a decimal from 0 to 1, or leave empty to use the threshold measured for the model"),
    ),
    "repeat_window_days": (r"[1-9]\d{0,2}", say("Enter a number of days from 1 to 999")),
    "callback_attempts": (r"[1-9]", say("Enter a number of times from 1 to 9")),
    "callback_quiet_from": (TIME, say("Enter a time from 00:00 to 23:59, such as 21:00")),
    "callback_quiet_until": (TIME, say("Enter a time from 00:00 to 23:59, such as 08:00")),
    "callback_interval_minutes": (r"0|[1-9]\d{0,3}", say("Enter a number of minutes from 0 to 9999")),
    "claim_minutes": (r"[1-9]\d{0,2}", say("Enter a number of minutes from 1 to 999")),
    "appeal_days": (r"[1-9]\d{0,2}", say("Enter a number of days from 1 to 999")),
    "frequent_outage_count": (r"[1-9]\d?", say("Enter a number of times from 1 to 99")),
    "frequent_outage_days": (r"[1-9]\d{0,2}", say("Enter a number of days from 1 to 999")),
    "outage_grace_minutes": (r"0|[1-9]\d{0,3}", say("Enter a number of minutes from 0 to 9999")),
    "planned_repeat_days": (r"[1-9]\d{0,2}", say("Enter a number of days from 1 to 999")),
    "quiet_warnings": (r"on|off", say("Enter on or off")),
}


def label(name: str) -> str:
    """Give a column's Chinese name."""
    return LABELS.get(name, name)


def check_value(table: str, name: str, text: str) -> None:
    """Check one value by itself, as it was written.

    Raises:
        ValueError: it is not among the choices, out of range, or badly formed; says in Chinese what it should be.
    """
    allowed = BASES if name == "basis" else CHOICES.get((table, name))
    if allowed is not None and text not in allowed:
        raise ValueError(say("Choose one of: {options}", options=say(", ").join(filter(None, allowed))))
    between = BETWEEN.get((table, name))
    if between and not between[0] <= float(text) <= between[1]:
        raise ValueError(between[2])
    look = FORMS.get((table, name))
    if look and text:
        look(text)


def _pattern(text: str) -> None:
    expand(LIST.sub(say("Words"), text), {})


def _words(text: str) -> None:
    if LIST.search(text):
        raise ValueError(say("A word list cannot refer to another word list"))
    expand(text, {})


def _steps(text: str) -> None:
    unknown = [step for step in text.split(";") if step not in list(Step)]
    if unknown:
        raise ValueError(
            say(
                "There is no step “{unknown}”; choose from {options}, separating several with semicolons",
                unknown=say(", ").join(unknown),
                options=say(", ").join(Step),
            )
        )


def _trigger_words(text: str) -> None:
    if not all(word.strip() for word in text.split("|")):
        raise ValueError(say("There is an empty word; write the words as one|two"))


def _address(text: str) -> None:
    try:
        open_outlet(text)
    except InvalidInput as error:
        raise ValueError(error.message) from None


def _formats(text: str) -> None:
    unknown = [one for one in text.split(";") if one not in REPORT_FORMATS]
    if unknown:
        raise ValueError(
            say(
                "There is no format “{unknown}”; choose from {options}, separating several with semicolons",
                unknown=say(", ").join(unknown),
                options=say(", ").join(REPORT_FORMATS),
            )
        )


def _day(text: str) -> None:
    if not 2000 <= date.fromisoformat(text).year <= 2100:
        raise ValueError(say("Must be between the years 2000 and 2100"))


FORMS: Mapping[tuple[str, str], Callable[[str], object]] = {
    ("attention_patterns", "pattern"): _pattern,
    ("attention_words", "words"): _words,
    ("pause_kinds", "steps"): _steps,
    ("reply_templates", "text"): check_template,
    ("referral_advice", "words"): _trigger_words,
    ("outlets", "address"): _address,
    ("office_hours", "spans"): parse_spans,
    ("unit_days", "day_on"): _day,
    ("report_schedules", "formats"): _formats,
    ("time_limits", "valid_from_on"): _day,
    ("time_limits", "valid_until_on"): _day,
}


def read_values(table: str, values: Mapping[str, str]) -> dict[str, Any]:
    """Read what a form or a program sends as the columns' types.

    Raises:
        InvalidInput: there is no such column, one is missing, or is not what it should be; all problems at once.
    """
    read: dict[str, Any] = {}
    problems = []
    for name, value in values.items():
        text = clean(value).strip()
        if name not in TABLES[table].c:
            problems.append(Problem(name, say("There is no column {column}", column=name)))
        elif not text and name in MUST.get(table, ()):
            problems.append(Problem(name, say("{field}: required, please fill it in", field=label(name))))
        else:
            try:
                read[name] = typed(TABLES[table], name, text)
                check_value(table, name, text)
            except ValueError as error:
                problems.append(Problem(name, say("{field}: {quoted}{error}", field=label(name), quoted=_quoted(name, text), error=error)))
    if problems:
        raise InvalidInput(*problems)
    return read


def _quoted(name: str, text: str) -> str:
    """What was written, but never what may hold a secret."""
    return "" if name == "address" else say("“{text}” is wrong. ", text=text) if len(text) < 40 else say("The content is wrong. ")


def check_row(store: "Store", table: str, row: Mapping[str, Any], changed: Iterable[str]) -> None:
    """Check a whole row as it would stand: what must be there, what its changed columns refer to, what its columns say together.

    Raises:
        InvalidInput: all that is wrong at once, each at its column.
    """
    changed = set(changed)
    problems = [
        Problem(name, say("{field}: required, please fill it in", field=label(name))) for name in MUST.get(table, ()) if row.get(name) in (None, "")
    ]
    if "code" in changed and table in GROWING and not CODE.fullmatch(str(row["code"])):
        problems.append(Problem("code", say("Code: use letters, digits and _ . -, at most 64")))
    problems += _references(store, table, {name: row[name] for name in changed if name in row})
    problems += _together(table, row)
    if table in ("attention_patterns", "attention_words"):
        problems += _wording(store, table, row)
    if problems:
        raise InvalidInput(*problems)


def _references(store: "Store", table: str, values: Mapping[str, Any]) -> Iterable[Problem]:
    for name, value in values.items():
        if name in REFERS and (table, name) not in FREE and value not in ANY and value is not None and value not in codes(store, REFERS[name]):
            yield Problem(name, say("{field}: there is no “{value}”; choose from {table}", field=label(name), value=value, table=REFERS[name]))
    for department in filter(None, str(values.get("support_departments", "")).split(";")):
        if department not in codes(store, "departments"):
            yield Problem(
                "support_departments",
                say(
                    "{field}: there is no “{department}”; separate several with semicolons", field=label("support_departments"), department=department
                ),
            )
    if values.get("recipients"):
        unknown = set(str(values["recipients"]).split(";")) - {row["username"] for row in store.users()}
        for username in sorted(unknown):
            yield Problem(
                "recipients",
                say(
                    "{field}: there is no user “{username}”; enter usernames, separating several with semicolons",
                    field=label("recipients"),
                    username=username,
                ),
            )


def choices_of(store: "Store", table: str, name: str) -> dict[str, str]:
    """Give what may be chosen for a column, code and name; nothing where anything may be written."""
    if name == "basis":
        return dict(BASES)
    if name.startswith("is_"):
        return {"1": say("Yes"), "0": say("No")}
    if (table, name) in CHOICES:
        return {code: text for code, text in CHOICES[table, name].items() if code != "*"}
    if name not in REFERS or (table, name) in FREE:
        return {}
    any_one = {} if name in MUST.get(table, ()) or name == "unit_code" else EVERY
    stars = {"*": say("Any type")} if (table, name) in STARRED else {}
    return {**any_one, **stars, **codes(store, REFERS[name])}


def codes(store: "Store", target: str) -> dict[str, str]:
    """Give what may be referred to in a table (or `units`): code and name."""
    rows = store.units() if target == "units" else store.reference_rows(target)
    return {row["code"]: f"{row['level2']} · {row['level3']}" if target == "topics" else row["name"] for row in rows}


def _together(table: str, row: Mapping[str, Any]) -> Iterable[Problem]:
    if table == "time_limits" and row.get("valid_from_on") and row.get("valid_until_on") and row["valid_from_on"] >= row["valid_until_on"]:
        yield Problem("valid_until_on", say("The expiry date must be later than the effective date {valid_from}", valid_from=row["valid_from_on"]))
    if table == "office_hours" and row.get("weekday") == 0 and not row.get("spans"):
        yield Problem(
            "spans",
            say(
                "Office hours: required for “any working day”; if the office is closed on some day, add a row for that day and leave its hours empty"
            ),
        )
    if table == "escalations" and (row.get("mark") == "multiple") != (float(row.get("multiple") or 1) > 1):
        yield Problem("multiple", say("Multiple: must be greater than 1 if the mark is multiple; enter 1 if it is yellow or red"))
    if table == "switches":
        pattern, help_text = SWITCHES.get(row["code"], (r".*", ""))
        if not re.fullmatch(pattern, str(row["value"]).strip(), re.ASCII):
            yield Problem("value", say("“{value}” is wrong. {help_text}", value=row["value"], help_text=help_text))
    if table == "fixed_holidays":
        with suppress(TypeError, ValueError):
            date(2000, int(row["month"]), int(row["day"]))
            return
        yield Problem("day", say("There is no such day; check the month and the day"))


def _wording(store: "Store", table: str, row: Mapping[str, Any]) -> Iterable[Problem]:
    """Refuse a pattern that names no list, and words that one of the patterns that name them cannot take."""
    words, column, patterns = store.word_lists(), "pattern", [str(row.get("pattern", ""))]
    if table == "attention_words":
        words, column = words | {row["name"]: row["words"]}, "words"
        patterns = [one["pattern"] for one in store.reference_rows("attention_patterns") if f"{{{row['name']}}}" in one["pattern"]]
    for pattern in patterns:
        try:
            expand(pattern, words)
        except ValueError as error:
            yield Problem(column, say("{field}: pattern “{pattern}”: {error}", field=label(column), pattern=pattern, error=error))
