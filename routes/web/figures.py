"""The timeliness page, and the steps behind each of its figures."""

from flask import render_template, request
from flask.typing import ResponseReturnValue

from routes.board import READERS, own_unit
from routes.request import now, require, store
from routes.web.blueprint import blueprint
from triage.errors import InvalidInput, Problem
from triage.moments import in_shanghai, read_day
from triage.terms import Step, Watch
from triage.texts import clean
from triage.timeliness import Period, opened, period_of
from triage.timeliness import timeliness as compute
from triage.wording import say


@blueprint.get("/timeliness")
def timeliness() -> ResponseReturnValue:
    """Show the rate per step and department over the steps that fell due in the period; a leader's are those of the own unit."""
    require(*READERS)
    period, watch = asked()
    figures = compute(store(), period, watch, now(), own_unit(""))
    return render_template("pages/timeliness.html", period=period, watch=watch, figures=figures, is_stale=store().figures_are_stale())


@blueprint.get("/timeliness/steps")
def timeliness_steps() -> ResponseReturnValue:
    """List exactly the steps that a figure counts."""
    require(*READERS)
    period, watch = asked()
    narrowed = {name: clean(request.args.get(name, "")) for name in ("step", "department", "machine", "met")}
    skip = request.args.get("skip", "0")
    skipped = int(skip) if skip.isascii() and skip.isdigit() and len(skip) < 10 else 0
    found = opened(store(), period, watch, now(), **narrowed, unit_code=own_unit(""), skip=skipped)
    return render_template("pages/steps.html", period=period, watch=watch, found=found, narrowed=narrowed, skip=skipped, Step=Step)


def asked() -> tuple[Period, Watch]:
    """Read the period (default: this month to date) and whose clock.

    Raises:
        InvalidInput: a date or the clock is not one.
    """
    today = in_shanghai(now()).date()
    since, until = request.args.get("since", ""), request.args.get("until", "")
    watch = request.args.get("watch", Watch.CUSTOMER.value)
    if watch not in list(Watch):
        raise InvalidInput(
            Problem(
                "watch", say("The clock “{watch}” is not valid; choose from: {watches}", watch=watch, watches=say(", ").join(w.value for w in Watch))
            )
        )
    first = read_day(since, "since") if since else today.replace(day=1)
    return period_of(first, read_day(until, "until") if until else today), Watch(watch)
