"""What is sent with a move: read, checked, all problems said at once."""

from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta

from triage.errors import InvalidInput, Problem
from triage.moments import read_moment
from triage.moves import FIELDS, TEXTS, Move
from triage.rules import Rules
from triage.standing import extension_rule
from triage.terms import Finding, Reached, Satisfaction
from triage.texts import clean
from triage.tickets import Ticket
from triage.wording import say

MAX_TEXT = 4000
CHOICES = {"finding": tuple(Finding), "satisfaction": tuple(Satisfaction), "result": tuple(Reached)}
CALLBACK_PAUSE = "callback_appointed"
LONGEST_APPOINTMENT = timedelta(days=366)


def choices_of(name: str, rules: Rules) -> Mapping[str, str] | None:
    """Give what may be chosen for a field, code and Chinese name; None where anything may be written."""
    if name in CHOICES:
        return {term.value: term.label for term in CHOICES[name]}
    tables: Mapping[str, Mapping[str, str]] = {
        "topic": {code: topic.name for code, topic in rules.topics.items()},
        "demand_type": rules.demand_types,
        "co_department": {code: name for code, name in rules.departments.items() if code != "external"},
        "return_reason": rules.return_reasons,
        "exemption_reason": rules.exemption_reasons,
        "pause_kind": {code: kind.name for code, kind in rules.pause_kinds.items() if code != CALLBACK_PAUSE},
    }
    return tables.get(name)


def read_fields(move: Move, ticket: Ticket, values: Mapping[str, str], rules: Rules, now: datetime) -> dict[str, str]:
    """Give the values that a move needs or takes, checked; a moment comes back as ISO text in UTC.

    Raises:
        InvalidInput: one is missing, too long, not among the choices, or breaks a rule; all problems at once.
    """
    fields = {name: clean(str(values.get(name) or "")).strip() for name in (*move.needs, *move.takes)}
    problems = [Problem(name, say("{field}: required, please fill it in", field=FIELDS[name])) for name in move.needs if not fields[name]]
    for name, value in fields.items():
        allowed = choices_of(name, rules)
        if value and allowed is not None and value not in allowed:
            problems.append(Problem(name, say("{field}: there is no “{value}”; choose from the list", field=FIELDS[name], value=value)))
        if len(value) > (MAX_TEXT if name in TEXTS else 200):
            problems.append(Problem(name, say("{field}: at most {most} characters", field=FIELDS[name], most=MAX_TEXT if name in TEXTS else 200)))
    if not problems:
        problems = list(_rules_broken(move, ticket, fields, rules, now))
    if problems:
        raise InvalidInput(*problems)
    return fields


def _rules_broken(move: Move, ticket: Ticket, fields: dict[str, str], rules: Rules, now: datetime) -> Iterable[Problem]:
    """Say what breaks a rule though it is well written; puts moments into their kept form."""
    if fields.get("until"):
        yield from _until(fields, now)
    elif fields.get("pause_kind") == "appointed":
        yield Problem("until", say("Appointed time: if the customer asked for an appointment, say when it is"))
    if move.code == "assign" and not (fields["assignee"] or fields["crew"]):
        yield Problem("assignee", say("Assignee: enter an assignee or a crew"))
    if "amount" in fields:
        yield from _amount(fields["amount"], ticket, rules)
    if move.code == "appeal" and fields["finding"] == ticket.finding:
        yield Problem("finding", say("Finding: the finding appealed for is the same as the present one"))


def _until(fields: dict[str, str], now: datetime) -> Iterable[Problem]:
    try:
        until = read_moment(fields["until"], "until")
    except InvalidInput as error:
        yield from error.problems
        return
    if not now < until <= now + LONGEST_APPOINTMENT:
        yield Problem("until", say("Appointed time: must be later than now and within a year"))
    fields["until"] = until.isoformat()


def _amount(value: str, ticket: Ticket, rules: Rules) -> Iterable[Problem]:
    rule = extension_rule(ticket, rules)
    unit = {"workdays": say("workdays"), "days": say("days"), "hours": say("hours"), "minutes": say("minutes")}.get(rule.unit, "") if rule else ""
    if not (value.isascii() and value.isdigit() and int(value) > 0):
        yield Problem("amount", say("Extension requested: enter a positive whole number ({unit})", unit=unit))
    elif rule and int(value) > rule.most_amount:
        yield Problem("amount", say("Extension requested: at most {most:g} {unit}", most=rule.most_amount, unit=unit))
