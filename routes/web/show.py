"""How values are shown: moments, zones, terms, masked personal data."""

from contextlib import suppress
from datetime import datetime
from typing import Any

from flask import Flask, current_app, g
from markupsafe import Markup, escape

from routes.request import now, parts, rules, store
from routes.web.help import GENERAL, THEMES, help_of, theme
from routes.web.live import EVERY, is_live
from triage import masking, terms
from triage.errors import TriageError
from triage.initials import initials
from triage.moments import in_shanghai
from triage.moves import BY_CODE
from triage.people import User
from triage.terms import Role, Term, Zone
from triage.wording import say

SHAPES = {Zone.GREEN: "●", Zone.YELLOW: "▲", Zone.RED: "■"}
NAVIGATION = {
    Role.AGENT: (
        ("pages.new_complaint", say("Register")),
        ("pages.callbacks", say("To call back")),
        ("pages.waiting_requests", say("To tell customers")),
        ("pages.outages", say("Outage information")),
    ),
    Role.DISPATCHER: (
        ("pages.dispatch", say("To review")),
        ("pages.waiting_requests", say("To approve")),
        ("pages.board_overview", say("Dashboard")),
        ("pages.outages", say("Outage information")),
        ("pages.handover", say("Handover")),
    ),
    Role.HANDLER: (("pages.queue", say("My queue")), ("pages.shifts", say("Crew")), ("pages.audit_task_list", say("Rectification"))),
    Role.LEADER: (
        ("pages.queue", say("Crew queue")),
        ("pages.waiting_requests", say("To approve")),
        ("pages.shifts", say("Crew")),
        ("pages.board_overview", say("Dashboard")),
        ("pages.outages", say("Outage information")),
        ("pages.audit_task_list", say("Rectification")),
    ),
    Role.AUDITOR: (
        ("pages.audit", say("Auditor")),
        ("pages.board_overview", say("Dashboard")),
        ("pages.reports", say("Reports")),
        ("pages.waiting_requests", say("To approve")),
    ),
    Role.ADMIN: (
        ("pages.admin", say("Administration")),
        ("pages.people", say("People")),
        ("pages.board_overview", say("Dashboard")),
        ("pages.reports", say("Reports")),
    ),
}
BASIS = {
    "corroborated": say("Confirmed by several sources"),
    "single-source": say("Single source"),
    "background": say("Common knowledge of the trade, to be verified"),
    "inferred": say("Inferred by this system"),
}
BESIDE = {
    "reveal": say("View full details"),
    "absorb": say("Take in another ticket"),
    "give_back": say("Give a merged ticket back"),
    "parent_ended": say("Main ticket resolved"),
    "unit_merged": say("Units merged"),
    "attach": say("Link to an outage"),
    "detach": say("Take back the link to an outage"),
    "add_file": say("Add an attachment"),
    "remove_file": say("Remove an attachment"),
}
ACTIONS = {"receive": say("Receive"), "decide": say("Assess")} | BESIDE | {code: move.label for code, move in BY_CODE.items()}


def time_of(moment: datetime | None) -> Markup | str:
    """Show a moment shortly on Shanghai's clock, the whole of it on hover."""
    if moment is None:
        return "–"
    local = in_shanghai(moment)
    short = local.strftime("%m-%d %H:%M" if local.year == in_shanghai(now()).year else "%Y-%m-%d %H:%M")
    return Markup('<time datetime="{}" title="{}">{}</time>').format(local.isoformat(timespec="seconds"), local.strftime("%Y-%m-%d %H:%M:%S"), short)


def left(due: datetime | None) -> str:
    """Say in words how long it is to a deadline, or how long it is past."""
    if due is None:
        return ""
    seconds = (due - now()).total_seconds()
    minutes = int(abs(seconds) // 60)
    days, rest = divmod(minutes, 1440)
    hours, minutes = divmod(rest, 60)
    words = (
        say("{days} days {hours} hours", days=days, hours=hours)
        if days
        else say("{hours} hours {minutes} minutes", hours=hours, minutes=minutes)
        if hours
        else say("{minutes} minutes", minutes=minutes)
    )
    if not days and not hours and not minutes:  # the minute of the deadline is still in time
        return say("Due now") if seconds < 0 else say("Less than a minute left")
    return say("{length} left", length=words) if seconds >= 0 else say("Overdue by {words}", words=words)


def zone_of(thing: Any, at: datetime | None = None) -> Markup:
    """Show a ticket's or step's zone by colour, shape and word."""
    zone: Zone = thing.zone(at or now())
    return Markup('<span class="zone zone-{}"><span aria-hidden="true">{}</span> {}</span>').format(zone.value, SHAPES[zone], zone.label)


def label(code: str | None, kind: str) -> str:
    """Give the Chinese name of a code of a term (`State`, `Level`, …)."""
    if not code:
        return ""
    term: type[Term] = getattr(terms, kind)
    return term(code).label


def topic_name(code: str | None) -> str:
    """Give a topic's name."""
    topics = rules().topics
    return topics[code].name if code and code in topics else (code or say("To be judged"))


def type_name(code: str | None) -> str:
    """Give a demand type's name."""
    return rules().demand_types.get(code or "", code or say("To be judged"))


def department_name(code: str | None) -> str:
    """Give a department's name."""
    return rules().departments.get(code or "", code or "–")


def unit_name(code: str | None) -> str:
    """Give a supply unit's name."""
    if "unit_names" not in g:
        g.unit_names = {row["code"]: row["name"] for row in store().units()}
    return str(g.unit_names.get(code, code or "–"))


def person_name(username: str | None) -> str:
    """Give the name of a person; who is none (the system) as it is written."""
    if "person_names" not in g:
        g.person_names = {row["username"]: row["name"] for row in store().users()}
    return str(g.person_names.get(username, username or "–"))


def marked(text: str, words: Any) -> Markup:
    """Mark the words that counted in a text."""
    shown = str(escape(text))
    for word, weight in sorted(words, key=lambda pair: -len(pair[0])):
        if weight > 0 and len(word) > 1:
            shown = shown.replace(str(escape(word)), f"\x01{escape(word)}\x02")
    return Markup(shown.replace("\x01", "<mark>").replace("\x02", "</mark>"))  # escaped above


def unread_count() -> int:
    """Count the user's unread messages; a page is shown even where they cannot be counted."""
    with suppress(TriageError):
        return store().count_unread(g.user.username)
    return 0


def surroundings() -> dict[str, Any]:
    """What every page shows around its content."""
    user: User | None = g.get("user")
    return {
        "user": user,
        "navigation": NAVIGATION[user.role] if user else (),
        "terms": terms,
        "actions": ACTIONS,
        "trouble": parts().model_trouble() if user and user.role in (Role.DISPATCHER, Role.ADMIN) else None,
        "at": now(),
        "unread_count": unread_count,
        "help_of": help_of,
        "general_keys": GENERAL,
        "theme": theme,
        "themes": THEMES,
        "live_tag": g.get("live_tag", ""),
        "live_every": current_app.config.get("LIVE_EVERY", EVERY),
        "is_live": is_live(),
    }


def register_filters(app: Flask) -> None:
    """Give the templates these ways of showing."""
    app.jinja_env.filters.update(
        time=time_of,
        left=left,
        zone=zone_of,
        label=label,
        topic=topic_name,
        type=type_name,
        department=department_name,
        masked=masking.mask_text,
        mask_name=masking.mask_name,
        mask_phone=masking.mask_phone,
        mask_number=masking.mask_number,
        mask_address=masking.mask_address,
        marked=marked,
        unit=unit_name,
        person=person_name,
        basis=lambda code: BASIS.get(code, code),
        percent=lambda share: f"{share:.1%}",
        initials=initials,
    )
    app.context_processor(surroundings)
