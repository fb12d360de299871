"""The dispatcher's list: what waits, by filter and page; the storms; the replies to be checked; the switch of automatic dispatch."""

from collections import Counter
from collections.abc import Mapping, Sequence

from flask import flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from routes.request import now, require, rules, store
from routes.web.blueprint import blueprint
from triage.dispatching import AGES, Filter, read_filter
from triage.reference import edit_row
from triage.storm import storm
from triage.terms import Level, Role
from triage.wording import say

PAGE, REPLIES = 50, 25  # rows: some 20 kB on the line


@blueprint.get("/dispatch")
def dispatch() -> ResponseReturnValue:
    """Show what waits for a dispatcher, danger on top, by filter and page; the storms; and the replies to be checked."""
    require(Role.DISPATCHER)
    chosen, kept = asked_for(), store()
    counts = kept.waiting_counts(Filter(), now())
    total = sum(kept.waiting_counts(chosen, now()).values())
    pages = max(1, -(-total // PAGE))
    number = min(page_number(), pages)
    waiting = kept.waiting(chosen, now(), most=PAGE, skip=(number - 1) * PAGE)
    return render_template(
        "pages/dispatch.html",
        waiting=waiting,
        latest=kept.why_waiting([ticket.number for ticket in waiting]),
        groups=storm(kept, rules(), now()),
        replies=kept.review_queue(REPLIES + 1),
        most_replies=REPLIES,
        claims=kept.claims(now()),
        automatic=rules().is_automatic_dispatch_on,
        chosen=chosen,
        total=total,
        page=number,
        pages=pages,
        counts={
            "all": sum(counts.values()),
            "level": _counted(counts, 0, [level.value for level in Level]),
            "state": _counted(counts, 1, ["pending_review", "returned"]),
        },
        units=kept.units(current_only=True),
        ages=AGES,
    )


def _counted(counts: Mapping[tuple[str, str], int], place: int, order: Sequence[str]) -> dict[str, int]:
    found: Counter[str] = Counter()
    for key, tickets in counts.items():
        found[key[place]] += tickets
    return {code: found[code] for code in order if found[code]}


def asked_for() -> Filter:
    """Read the filter that stands in the address.

    Raises:
        InvalidInput: a value is none that can be chosen.
    """
    return read_filter(request.args, [row["code"] for row in store().units()])


def page_number() -> int:
    """Read which page of the list is asked for; the first unless a number says another."""
    value = request.args.get("page", "")
    return max(1, int(value)) if value.isascii() and value.isdigit() and len(value) < 6 else 1


@blueprint.post("/dispatch/switch")
def switch() -> ResponseReturnValue:
    """Stop or resume automatic dispatch."""
    who = require(Role.DISPATCHER, Role.ADMIN)
    value = "off" if rules().is_automatic_dispatch_on else "on"
    edit_row(store(), "switches", {"code": "automatic_dispatch"}, {"value": value}, actor=who.username, now=now())
    flash(
        say("Automatic dispatch has resumed") if value == "on" else say("Automatic dispatch has stopped: all new tickets go to a person for review")
    )
    return redirect(url_for("pages.dispatch" if who.role is Role.DISPATCHER else "pages.admin"), 303)
