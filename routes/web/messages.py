"""A user's messages (预警、催办、交接), and for administrators what could not be sent out (发件箱)."""

from flask import flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from routes.request import now, require, rules, store, user
from routes.web.blueprint import blueprint
from triage.delivery import CUT_OFF
from triage.terms import Role
from triage.wording import say

MOST = 200


@blueprint.get("/messages")
def messages() -> ResponseReturnValue:
    """Show the user's messages: the unread ones first, then the latest that were read."""
    who = user()
    unread = store().messages_of(who.username, unread_only=True, most=MOST)
    read = [row for row in store().messages_of(who.username, most=MOST) if row["read_at"]]
    return render_template("pages/messages.html", unread=unread, read=read, most=MOST, count=store().count_unread(who.username))


@blueprint.post("/messages/<int(max=2147483647):id>/read")
def read_message(id: int) -> ResponseReturnValue:
    """Mark a message as read; with `open` set, go on to its ticket."""
    who = user()
    store().mark_read(who.username, id, now())
    if number := request.form.get("open", ""):
        return redirect(url_for("pages.ticket", number=number), 303)
    return redirect(url_for("pages.messages"), 303)


@blueprint.post("/messages/read")
def read_messages() -> ResponseReturnValue:
    """Mark as read what was on the page: all up to the latest one that was shown."""
    who, latest = user(), request.form.get("latest", "")
    count = store().mark_read_until(who.username, int(latest), now()) if latest.isascii() and latest.isdigit() and len(latest) < 10 else 0
    flash(say("Messages marked as read: {count}", count=count))
    return redirect(url_for("pages.messages"), 303)


@blueprint.get("/messages/outbox")
def outbox() -> ResponseReturnValue:
    """Show what was given up or cut off on its way out, and how much waits."""
    require(Role.ADMIN)
    kept = store()
    return render_template(
        "pages/outbox.html",
        failed=kept.failed_messages(MOST),
        unclear=kept.unclear_messages(now() - CUT_OFF, now())[:MOST],
        waiting=kept.count_waiting(),
        outlets=rules().outlets,
        most=MOST,
    )


@blueprint.post("/messages/outbox/<int(max=2147483647):id>/again")
def send_again(id: int) -> ResponseReturnValue:
    """Let a message that did not go out be sent once more."""
    who = require(Role.ADMIN)
    store().send_again(id, who.username, now() - CUT_OFF, now())
    flash(say("Put back in the outbox; it will be sent once more in about a minute"))
    return redirect(url_for("pages.outbox"), 303)
