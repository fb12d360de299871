"""The callbacks (回访): who is to be called now, where, what was tried, and the result by one key."""

from typing import Any

from flask import redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from routes.errors import status_of
from routes.request import now, require, rules, store, version_seen
from routes.web.blueprint import blueprint
from routes.web.undo import done_before
from triage.errors import Conflict, IllegalMove, InvalidInput, TriageError
from triage.lifecycle import act
from triage.moves import BY_CODE
from triage.people import User
from triage.reveal import reveal, see
from triage.standing import CONTENT, Standing, hindrance
from triage.terms import Reached, Role, Satisfaction, State
from triage.texts import clean
from triage.tickets import Ticket
from triage.wording import say

MOVES = ("callback", "attempt", "postpone", "resume", "close", "undo_callback", "undo_close")
REASON = say("Callback to the customer")


@blueprint.get("/callbacks")
def callbacks() -> ResponseReturnValue:
    """List the customers to be called back and the tickets to be closed."""
    require(Role.AGENT)
    return page()


@blueprint.post("/callbacks/<number>/phone")
def callback_phone(number: str) -> ResponseReturnValue:
    """Show where to call, after the trail says who looked."""
    agent = require(Role.AGENT)
    ticket = see(number, user=agent, store=store())
    contact = reveal(ticket, REASON, user=agent, store=store(), now=now())
    if request.headers.get("HX-Request"):
        return render_template("pages/_callback_phone.html", contact=contact)
    return page(revealed={ticket.number: contact})


@blueprint.post("/callbacks/<number>/<move>")
def callback_move(number: str, move: str) -> ResponseReturnValue:
    """Keep the result of a call, or close the ticket, and come back to the list."""
    agent, number = require(Role.AGENT), clean(number)
    try:
        if move not in MOVES:
            raise IllegalMove(say("This action is not on this page; open the ticket to do it"), MOVES)
        act(number, move, request.form, user=agent, version=version_seen(request.form.get("version")), store=store(), rules=rules(), now=now())
    except (InvalidInput, IllegalMove, Conflict) as error:
        return page(error=error, tried=number), status_of(error)
    return redirect(url_for("pages.callbacks", done=number), 303)


def page(*, error: TriageError | None = None, tried: str = "", revealed: dict[str, Any] | None = None) -> str:
    """Show the list: who can be called now, who cannot yet and why, what is left to be closed."""
    agent, kept = require(Role.AGENT), store()
    tickets, phones, attempts = kept.callback_queue(), kept.callback_phones(), kept.callback_attempts()
    quiet = next((hindrance(BY_CODE["callback"], ticket, agent, Standing(now()), rules()) for ticket in tickets[:1]), "")
    cards = [card(ticket, phones[ticket.number], attempts.get(ticket.number, []), agent, quiet) for ticket in tickets if ticket.number in phones]
    return render_template(
        "pages/callbacks.html",
        quiet=quiet,
        done=done_before(agent),
        now_due=[one for one in cards if one["ticket"].state is State.REVIEWED and not one["wait"]],
        later=[one for one in cards if one["ticket"].state is State.REVIEWED and one["wait"]],
        called=[one for one in cards if one["ticket"].state is State.CALLED_BACK],
        answers=list(Satisfaction),
        reached=list(Reached),
        content=CONTENT,
        most=rules().number("callback_attempts", 3),
        error=error,
        tried=tried,
        revealed=revealed or {},
    )


def card(ticket: Ticket, contact: Any, attempts: list[Any], agent: User, quiet: str) -> dict[str, Any]:
    """Give what the page shows of one ticket; `wait` says why the customer is not to be called yet, `is_over` that it was tried often enough."""
    is_over, wait = ticket.attempts >= rules().number("callback_attempts", 3), ""
    if ticket.is_paused(now()):
        wait = say("A time has been agreed")
    elif attempts and not is_over and not quiet:
        wait = hindrance(BY_CODE["attempt"], ticket, agent, Standing(now(), tried_at=attempts[-1]["tried_at"]), rules())
    return {"ticket": ticket, "contact": contact, "attempts": attempts, "wait": wait, "is_over": is_over}
