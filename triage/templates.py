"""Reply templates (答复模板): those that fit a move of a ticket, the most special first, their blanks filled in."""

import re
from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from string import Formatter

from triage.moments import in_shanghai
from triage.rules import ReplyTemplate, Rules
from triage.tickets import Ticket
from triage.wording import say

BLANKS: Mapping[str, str] = {"topic": say("Topic"), "due": say("Limit"), "unit": say("Unit"), "department": say("Department")}
BLANK = re.compile(r"\{(" + "|".join(BLANKS) + r")\}")


def check_template(text: str) -> None:
    """See that a template leaves only known blanks, plainly written.

    Raises:
        ValueError: a brace stands alone, or another name, a format or a conversion stands in braces; says in Chinese what may.
    """
    try:
        fields = [(name, form, conversion) for _, name, form, conversion in Formatter().parse(text) if name is not None]
    except ValueError:
        fields = [("", "", None)]
    if any(name not in BLANKS or form or conversion for name, form, conversion in fields) or "{{" in text or "}}" in text:
        raise ValueError(
            say(
                "Only these may stand in braces: {blanks}",
                blanks=say(", ").join((say("{{{name}}} ({meaning})", name=name, meaning=said) for name, said in BLANKS.items())),
            )
        )


def templates_for(move: str, ticket: Ticket, rules: Rules, *, unit: str = "", due: datetime | None = None) -> tuple[ReplyTemplate, ...]:
    """Give the templates that fit a move of a ticket, filled in.

    A template for the ticket's topic (or a group of topics above it) and demand type comes before one for its topic, that before one for its
    type, that before one for any ticket. What is not known stays as （请写明…）, so that nobody sends a gap.

    Args:
        move: the move's code.
        ticket: the ticket that is replied to.
        rules: the reference data in force, with the templates.
        unit: the name of the unit that signs.
        due: the moment by which the reply is promised; None: the ticket's next deadline.
    """
    fitting = [row for row in rules.reply_templates if row.move == move and _fits(row, ticket)]
    known = _known(ticket, rules, unit, due or ticket.next_due_at)
    fitting.sort(key=lambda row: (-len(row.topic), not row.demand_type, row.code))
    return tuple(replace(row, text=fill(row.text, known)) for row in fitting)


def _fits(row: ReplyTemplate, ticket: Ticket) -> bool:
    topic = ticket.topic or ""
    return (not row.topic or f"{topic}.".startswith(f"{row.topic}.")) and row.demand_type in ("", ticket.demand_type)


def _known(ticket: Ticket, rules: Rules, unit: str, due: datetime | None) -> dict[str, str]:
    topic = rules.topics.get(ticket.topic or "")
    moment = in_shanghai(due) if due else None
    return {
        "topic": topic.level3 if topic else "",
        "due": say("{month}-{day} {moment:%H:%M}", month=moment.month, day=moment.day, moment=moment) if moment else "",
        "unit": unit,
        "department": rules.departments.get(ticket.department or "", ""),
    }


def fill(text: str, known: Mapping[str, str]) -> str:
    """Put values in the place of a template's blanks; one without a value says what has to be written there."""
    return BLANK.sub(lambda blank: known.get(blank[1]) or say("(state here: {blank})", blank=BLANKS[blank[1]]), text)
