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
    problems = [Problem(name, f"{FIELDS[name]}：必填，请补上") for name in move.needs if not fields[name]]
    for name, value in fields.items():
        allowed = choices_of(name, rules)
        if value and allowed is not None and value not in allowed:
            problems.append(Problem(name, f"{FIELDS[name]}：没有“{value}”，请从列表中选择"))
        if len(value) > (MAX_TEXT if name in TEXTS else 200):
            problems.append(Problem(name, f"{FIELDS[name]}：最多 {MAX_TEXT if name in TEXTS else 200} 个字"))
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
        yield Problem("until", "约定时间：客户约时请写明约在何时")
    if move.code == "assign" and not (fields["assignee"] or fields["crew"]):
        yield Problem("assignee", "承办人：请填写承办人或班组")
    if "amount" in fields:
        yield from _amount(fields["amount"], ticket, rules)
    if move.code == "appeal" and fields["finding"] == ticket.finding:
        yield Problem("finding", "调查结论：申诉的结论与现结论相同")


def _until(fields: dict[str, str], now: datetime) -> Iterable[Problem]:
    try:
        until = read_moment(fields["until"], "until")
    except InvalidInput as error:
        yield from error.problems
        return
    if not now < until <= now + LONGEST_APPOINTMENT:
        yield Problem("until", "约定时间：应在现在之后、一年之内")
    fields["until"] = until.isoformat()


def _amount(value: str, ticket: Ticket, rules: Rules) -> Iterable[Problem]:
    rule = extension_rule(ticket, rules)
    unit = {"workdays": "个工作日", "days": "天", "hours": "小时", "minutes": "分钟"}.get(rule.unit, "") if rule else ""
    if not (value.isascii() and value.isdigit() and int(value) > 0):
        yield Problem("amount", f"申请延长：请填正整数（{unit}）")
    elif rule and int(value) > rule.most_amount:
        yield Problem("amount", f"申请延长：最多 {rule.most_amount:g} {unit}")
