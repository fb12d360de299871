"""The rules as one value, made from the rows of the reference tables."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import fields
from datetime import date, timedelta
from typing import Any, TypeVar

from triage.calendar import Spans, WorkingCalendar, parse_spans
from triage.clocks import Limit, PauseKind
from triage.rules import (
    AttentionRule,
    Escalation,
    ExtensionRule,
    OutletRow,
    Override,
    ReferralAdvice,
    ReplyTemplate,
    Rules,
    Topic,
    read_wordings,
)
from triage.terms import Level, Role, Step

Row = Mapping[Any, Any]
Rows = Callable[[str], Sequence[Row]]
Made = TypeVar("Made", Topic, Override, Limit, AttentionRule, Escalation, OutletRow, ReplyTemplate, ReferralAdvice)
ANY_WEEKDAY = 0  # hours of any working date


def make_rules(version: int, rows: Rows) -> Rules:
    """Make the rules from the rows that `rows` gives for each table."""
    parents = {row["code"]: row["parent_code"] for row in rows("units")}
    calendar = _calendar(rows)
    return Rules(
        version=version,
        topics={row["code"]: _topic(row) for row in rows("topics")},
        demand_types=_column(rows("demand_types"), "name"),
        handling=_column(rows("demand_types"), "handling"),
        costs=_column([*rows("demand_types"), *rows("topics")], "cost_when_missed"),
        departments=_column(rows("departments"), "name"),
        overrides=tuple(_made(Override, row) for row in rows("routing")),
        limits=tuple(make_limit(row) for row in rows("time_limits")),
        attention={row["code"]: _attention(row) for row in rows("attention")},
        wordings=read_wordings(
            ((row["rule"], row["pattern"], row["is_negation"]) for row in rows("attention_patterns")),
            {row["name"]: row["words"] for row in rows("attention_words")},
        ),
        switches=_column(rows("switches"), "value"),
        calendar=calendar,
        calendars=_calendars(calendar, parents, rows),
        parents=parents,
        pause_kinds={row["code"]: _pause_kind(row) for row in rows("pause_kinds")},
        extension_rules={row["demand_type"]: _extension_rule(row) for row in rows("extension_rules")},
        return_reasons=_column(rows("return_reasons"), "name"),
        exemption_reasons=_column(rows("exemption_reasons"), "name"),
        escalations=tuple(_made(Escalation, row) for row in rows("escalations")),
        outlets={row["code"]: _made(OutletRow, row) for row in rows("outlets")},
        reply_templates=tuple(_made(ReplyTemplate, row) for row in rows("reply_templates")),
        referral_advice=tuple(_advice(row) for row in rows("referral_advice")),
    )


def make_limit(row: Row) -> Limit:
    """Make a limit from its row; one that is not kept yet has the number 0."""
    return _made(Limit, {"id": 0, **row, "step": Step(row["step"]), "yellow_at": row["yellow_fraction"]})


def _column(rows: Sequence[Row], name: str) -> dict[str, Any]:
    return {row["code"]: row[name] for row in rows}


def _made(kind: type[Made], row: Row, **more: Any) -> Made:
    """Make a value whose fields are columns of the row, or given."""
    return kind(**{**{one.name: row[one.name] for one in fields(kind) if one.name not in more}, **more})


def _topic(row: Row) -> Topic:
    return _made(Topic, row, support_departments=tuple(filter(None, row["support_departments"].split(";"))))


def _attention(row: Row) -> AttentionRule:
    return _made(AttentionRule, row, level=Level(row["level"]) if row["level"] else None)


def _pause_kind(row: Row) -> PauseKind:
    steps = frozenset(Step(step) for step in row["steps"].split(";") if step)
    return PauseKind(row["code"], row["name"], steps, timedelta(hours=row["cap_hours"]), row["basis"])


def _extension_rule(row: Row) -> ExtensionRule:
    return ExtensionRule(row["most_times"], row["most_amount"], row["unit"], Role(row["granted_by"]))


def _advice(row: Row) -> ReferralAdvice:
    return _made(ReferralAdvice, row, words=tuple(filter(None, row["words"].split("|"))))


def _calendar(rows: Rows) -> WorkingCalendar:
    return WorkingCalendar(
        days={row["day_on"]: row["is_working"] for row in rows("calendar_days")},
        announced=frozenset(row["year"] for row in rows("calendar_years")),
        fixed=frozenset((row["month"], row["day"]) for row in rows("fixed_holidays")),
    )


def _calendars(national: WorkingCalendar, parents: Mapping[str, str | None], rows: Rows) -> dict[str, WorkingCalendar]:
    """Give the calendars of the units that have days or hours of their own; what one does not say is as in the unit above it."""
    days: dict[str, dict[date, bool]] = {}
    hours: dict[str, dict[int, Spans]] = {}
    for row in rows("unit_days"):
        days.setdefault(row["unit_code"], {})[row["day_on"]] = row["is_working"]
    for row in rows("office_hours"):
        hours.setdefault(row["unit_code"], {})[row["weekday"]] = parse_spans(row["spans"])
    made: dict[str, WorkingCalendar] = {}

    def of(unit: str | None) -> WorkingCalendar:
        if unit is None or unit in made:
            return made[unit] if unit else national
        above = of(parents.get(unit))
        if unit not in days and unit not in hours:
            return above
        own = dict(hours.get(unit, {}))
        made[unit] = above.with_unit(days.get(unit, {}), own.pop(ANY_WEEKDAY, ()), own)
        return made[unit]

    for unit in sorted({*days, *hours}):
        of(unit)
    return made
