"""The invented past of the demo organisation, with its progress told while it is made."""

from datetime import datetime

import click

from routes.commands.common import moment
from routes.reporting import as_file, name_of
from routes.request import parts
from triage.demo_history import HOW_MANY, has_history, make_history
from triage.moments import in_shanghai
from triage.people import User
from triage.report import latest_complete, make_report
from triage.store import Store
from triage.terms import ReportKind
from triage.wording import say

STRIDE = 50  # calls between two lines of progress


def make_past(store: Store, wanted: int | None) -> list[tuple[User, str]]:
    """Give the demo a past of so many calls, and give the people who were added for it with their passwords.

    Where no number is wanted (None), there must be no tickets yet, and a model that speaks. A past that is there already stays as it is.
    """
    if wanted == 0 or has_history(store):
        return []
    if wanted is None and store.count_tickets():
        click.echo(say("There are tickets already, so no invented past is put beside them (flask demo --history N does it all the same)"))
        return []
    if wanted is None and parts().model_trouble():
        click.echo(say("There is no model yet, so no invented past was made: run flask train, then flask demo again"))
        return []
    count = wanted or HOW_MANY
    made = make_history(store, parts().predict_many, moment(), how_many=count, tell=Progress(count))
    click.echo(say("The invented past: {tickets} tickets, {open} of them open now", tickets=made.tickets, open=made.open))
    keep_weekly(store)
    for reason in made.refused:
        click.echo(say("A move of the invented past was refused: {reason}", reason=reason), err=True)
    return list(made.people)


def keep_weekly(store: Store) -> None:
    """Keep the report of the last whole week, as the schedule would have made it, in the formats that need no printer."""
    now, rules = moment(), store.rules()
    period = latest_complete(ReportKind.WEEK, now)
    for unit in store.topmost_units():
        report = make_report(period, unit, store=store, rules=rules, now=now)
        for format in ("html", "xlsx"):
            data, days = as_file(report, format, store=store, rules=rules, now=now), (period.first_on, period.last_on)
            store.keep_report(kind=period.kind.value, unit_code=unit, days=days, format=format, name=name_of(report, format), data=data, now=now)


class Progress:
    """Says how far it is, at the first call and every so many."""

    def __init__(self, count: int) -> None:
        """Keep how many calls there will be."""
        self.count, self.next = count, 1

    def __call__(self, taken: int, at: datetime) -> None:
        """Say how many calls were taken and which day has come."""
        if taken >= self.next:
            self.next = taken + STRIDE
            day = f"{in_shanghai(at):%Y-%m-%d}"
            click.echo(say("Making the invented past: {taken} of {count} calls, {day}", taken=taken, count=self.count, day=day))
