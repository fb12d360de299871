"""Help inside the product: for each page what it is for, and the keys that it answers to; and how the pages look (随系统、浅色、深色)."""

from collections.abc import Mapping
from dataclasses import dataclass

from flask import abort, current_app, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from routes.request import user
from routes.web.blueprint import blueprint
from routes.web.sign import local
from triage.terms import Role
from triage.wording import say

THEMES = {"": say("As the system"), "light": say("Light"), "dark": say("Dark")}
THEME = "theme"  # the cookie: light or dark, nothing else
YEAR = 365 * 24 * 3600


@dataclass(frozen=True)
class HelpPage:
    """The help of a page: where its text is (`help/<code>.html`), the pages that it is about, who uses them, the keys and what each does."""

    code: str
    name: str
    endpoints: tuple[str, ...]
    roles: tuple[Role, ...] = tuple(Role)
    keys: tuple[tuple[str, str], ...] = ()


GENERAL = (
    ("?", say("Open this page's list of shortcut keys; Alt+Shift+/ while you are typing")),
    ("Esc", say("Close the list of shortcut keys or a drop-down list")),
    ("Tab", say("Go to the next button or input box, with Shift+Tab to the previous one")),
)
DECIDERS = (Role.AGENT, Role.DISPATCHER, Role.LEADER, Role.AUDITOR)
SHIFTS = (Role.AGENT, Role.DISPATCHER, Role.HANDLER, Role.LEADER)
PAGES = (
    HelpPage(
        "call",
        say("Register a call"),
        ("pages.new_complaint", "pages.register_complaint", "pages.restore_draft"),
        (Role.AGENT,),
        (
            ("Alt+K", say("Look up a customer (customer number, phone or name)")),
            ("Alt+1 … 3", say("Take the suggested topic of that number, or the customer of that number when several match")),
            ("Alt+/", say("Find a topic by name or pinyin initials")),
            ("Alt+U", say("Find a supply unit by name or pinyin initials")),
            ("Alt+Z", say("Undo the last field filled in automatically, or the discarding of a draft within one minute")),
            ("Alt+C", say("Chase the ticket listed for the customer; the first press selects it, the second does it")),
            ("Alt+S", say("Supplement the ticket listed for the customer; the first press selects it, the second does it")),
            ("Alt+N", say("Add another demand")),
            ("Alt+P", say("Assess")),
            ("Alt+Enter", say("Register")),
            ("Alt+R", say("Go on with a registration not yet submitted")),
        ),
    ),
    HelpPage(
        "callbacks",
        say("Callbacks and closing"),
        ("pages.callbacks", "pages.callback_move", "pages.callback_phone"),
        (Role.AGENT,),
        (
            ("Alt+↓ / Alt+↑", say("Next ticket, previous ticket")),
            ("Alt+T", say("Show the number (recorded in the audit trail)")),
            ("Alt+1 … 9", say("Record the customer's rating")),
            ("Alt+0", say("Record that nobody was reached")),
            ("Alt+Enter", say("Close")),
            ("Alt+Z", say("Undo the last rating or closing within one minute")),
        ),
    ),
    HelpPage(
        "dispatch",
        say("List of tickets to review"),
        ("pages.dispatch", "pages.sent_by_machine"),
        (Role.DISPATCHER,),
        (
            ("Alt+U", say("Find a supply unit by name or pinyin initials")),
            ("Alt+W", say("Handle one by one")),
            ("Alt+H", say("Review resolved tickets one by one")),
            ("Alt+G", say("Open the largest group of “Many reports of one event”")),
        ),
    ),
    HelpPage(
        "desk",
        say("Dispatch and review one by one"),
        ("pages.desk", "pages.decide", "pages.skip", "pages.undo"),
        (Role.DISPATCHER,),
        (
            (
                say("1 2 3 or Alt+1 … 3"),
                say("Dispatch by the suggestion of that number; open the referral if it is not the supplier's responsibility"),
            ),
            ("Alt+T", say("Find another topic by name or pinyin initials")),
            ("Alt+U", say("Find a supply unit by name or pinyin initials")),
            ("Alt+R", say("Refer (not the supplier's responsibility)")),
            ("Alt+M", say("Merge into another ticket")),
            ("Alt+S", say("Skip")),
            ("Alt+G", say("Handle a whole group of reports of one event")),
            ("Alt+Y", say("Pass the review; for a dangerous ticket already dispatched: mark as read")),
            ("Alt+B", say("Send back to be handled again")),
            ("Alt+C", say("Chase the crew about a danger ticket that nobody has accepted")),
            ("Alt+Z", say("Undo the last dispatch or merge within one minute")),
            ("Alt+Enter", say("Send the open form")),
        ),
    ),
    HelpPage(
        "storm",
        say("Many reports of one event"),
        ("pages.storms", "pages.storm_of", "pages.merge_storm", "pages.undo_storm"),
        (Role.DISPATCHER,),
        (("Alt+Enter", say("Merge the ticked ones into the main ticket")), ("Alt+Z", say("Undo the whole merge within one minute"))),
    ),
    HelpPage(
        "queue",
        say("Crew queue"),
        ("pages.queue", "pages.accept_chosen", "pages.keep_filter", "pages.kept_filter"),
        (Role.HANDLER, Role.LEADER),
        (
            ("↑ ↓", say("Previous ticket, next ticket")),
            ("Enter", say("Open the ticket")),
            (say("Space"), say("Tick")),
            ("Alt+J", say("Accept the ticked tickets")),
        ),
    ),
    HelpPage("shifts", say("Crews and handover"), ("pages.shifts", "pages.plan_shifts", "pages.handover", "pages.leave_shift"), SHIFTS),
    HelpPage(
        "ticket",
        say("Ticket"),
        ("pages.ticket", "pages.move", "pages.reveal_caller", "pages.print_ticket"),
        keys=(
            (
                say("Alt+letter"),
                say("Each action shows its letter beside its name: press once to open it, fill in what is required, and press again to submit"),
            ),
        ),
    ),
    HelpPage("requests", say("To approve and to tell customers"), ("pages.waiting_requests",), DECIDERS),
    HelpPage("messages", say("Messages and outbox"), ("pages.messages", "pages.outbox"), keys=(("Alt+A", say("Mark all as read")),)),
    HelpPage(
        "outages", say("Outage information"), ("pages.outages", "pages.register_outage", "pages.outage"), (Role.AGENT, Role.DISPATCHER, Role.LEADER)
    ),
    HelpPage("search", say("Search"), ("pages.search", "pages.results")),
    HelpPage(
        "board",
        say("Dashboard"),
        (
            "pages.board_overview",
            "pages.board_trend",
            "pages.board_units",
            "pages.board_kinds",
            "pages.board_times",
            "pages.board_list",
            "pages.board_open",
            "pages.board_definitions",
            "pages.board_demand",
            "pages.demand_list",
            "pages.board_satisfaction",
            "pages.satisfaction_list",
            "pages.board_signed",
            "pages.board_sign_off",
        ),
        (Role.DISPATCHER, Role.LEADER, Role.AUDITOR, Role.ADMIN),
    ),
    HelpPage(
        "reports",
        say("Weekly and monthly reports"),
        ("pages.reports", "pages.report", "pages.report_file", "pages.kept_report", "pages.report_job", "pages.report_job_file"),
        (Role.DISPATCHER, Role.LEADER, Role.AUDITOR, Role.ADMIN),
    ),
    HelpPage(
        "timeliness",
        say("Timeliness of handling"),
        ("pages.timeliness", "pages.timeliness_steps"),
        (Role.DISPATCHER, Role.LEADER, Role.AUDITOR, Role.ADMIN),
    ),
    HelpPage(
        "audit",
        say("Auditing and rectification"),
        (
            "pages.audit",
            "pages.audit_sample",
            "pages.audit_suspicions",
            "pages.audit_exports",
            "pages.audit_task_list",
            "pages.audit_events",
            "pages.audit_untrue",
        ),
        (Role.AUDITOR, Role.LEADER, Role.HANDLER),
    ),
    HelpPage(
        "scorecard",
        say("Scoring of a sample"),
        ("pages.scorecard", "pages.assess_ticket"),
        (Role.AUDITOR,),
        (
            ("0 … 9", say("Give points to the current item")),
            (say("Space"), say("Give full points to the current item")),
            ("↑ ↓", say("Item before, item after; Alt+↑ in the comment")),
            ("Enter", say("Hand in and score the next one; goes to an empty item first; Alt+Enter in the comment")),
        ),
    ),
    HelpPage(
        "admin", say("Administration"), ("pages.admin", "pages.reference", "pages.reference_row", "pages.new_row", "pages.retire_row"), (Role.ADMIN,)
    ),
    HelpPage(
        "people",
        say("People"),
        (
            "pages.people",
            "pages.find_people",
            "pages.new_person",
            "pages.person",
            "pages.person_password",
            "pages.person_switch",
            "pages.person_sign_out",
            "pages.person_token",
            "pages.person_hand_on",
        ),
        (Role.ADMIN,),
        (
            ("Alt+K", say("Look for somebody by name or user name")),
            ("Alt+N", say("Add somebody")),
            ("Alt+U", say("Find a supply unit by name or pinyin initials")),
            ("Alt+B", say("Find a department by name or pinyin initials")),
            ("Alt+Enter", say("Save what was typed about somebody")),
        ),
    ),
    HelpPage("password", say("Change the password"), ("pages.own_password",)),
    HelpPage("models", say("Classification models"), ("pages.models", "pages.model"), (Role.ADMIN,)),
)
BY_CODE: Mapping[str, HelpPage] = {page.code: page for page in PAGES}
BY_ENDPOINT: Mapping[str, HelpPage] = {endpoint: page for page in PAGES for endpoint in page.endpoints}


def help_of(endpoint: str | None) -> HelpPage | None:
    """Give the help of the page that stands at an endpoint, or None where it has none of its own."""
    return BY_ENDPOINT.get(endpoint or "")


@blueprint.get("/help")
def help_index() -> ResponseReturnValue:
    """List the help of the pages that the user's role works with, and what holds for all of them."""
    role = user().role
    return render_template("pages/help.html", page=None, pages=[page for page in PAGES if role in page.roles], general=GENERAL)


@blueprint.get("/help/<code>")
def help_page(code: str) -> ResponseReturnValue:
    """Show the help of one page."""
    role = user().role
    if code not in BY_CODE:
        abort(404)
    return render_template("pages/help.html", page=BY_CODE[code], pages=[page for page in PAGES if role in page.roles], general=GENERAL)


@blueprint.post("/theme")
def set_theme() -> ResponseReturnValue:
    """Keep how the pages look, on this browser; the first byte of every page says it, so that nothing flashes."""
    user()
    chosen = request.form.get("theme", "")
    response = redirect(local(request.form.get("next", "")) or url_for("pages.home"), 303)
    if chosen in ("light", "dark"):
        is_secure = bool(current_app.config["SESSION_COOKIE_SECURE"])
        response.set_cookie(THEME, chosen, max_age=YEAR, httponly=True, samesite="Lax", secure=is_secure)
    else:
        response.delete_cookie(THEME)
    return response


def theme() -> str:
    """Give how this browser's user wants the pages: light, dark, or nothing for what the system says."""
    chosen = request.cookies.get(THEME, "")
    return chosen if chosen in ("light", "dark") else ""
