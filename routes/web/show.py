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
from triage.moments import in_shanghai
from triage.moves import BY_CODE
from triage.people import User
from triage.terms import Role, Term, Zone

SHAPES = {Zone.GREEN: "●", Zone.YELLOW: "▲", Zone.RED: "■"}
NAVIGATION = {
    Role.AGENT: (("pages.new_complaint", "登记"), ("pages.callbacks", "待回访"), ("pages.waiting_requests", "待告知"), ("pages.outages", "停电信息")),
    Role.DISPATCHER: (
        ("pages.dispatch", "待审核"),
        ("pages.waiting_requests", "待批"),
        ("pages.board_overview", "看板"),
        ("pages.outages", "停电信息"),
        ("pages.handover", "交接班"),
    ),
    Role.HANDLER: (("pages.queue", "我的队列"), ("pages.shifts", "班组"), ("pages.audit_task_list", "整改")),
    Role.LEADER: (
        ("pages.queue", "班组队列"),
        ("pages.waiting_requests", "待批"),
        ("pages.shifts", "班组"),
        ("pages.board_overview", "看板"),
        ("pages.outages", "停电信息"),
        ("pages.audit_task_list", "整改"),
    ),
    Role.AUDITOR: (("pages.audit", "质检"), ("pages.board_overview", "看板"), ("pages.reports", "报告"), ("pages.waiting_requests", "待批")),
    Role.ADMIN: (("pages.admin", "管理"), ("pages.board_overview", "看板"), ("pages.reports", "报告")),
}
BASIS = {"corroborated": "多源印证", "single-source": "单一来源", "background": "行业常识，待核", "inferred": "本系统推定"}
BESIDE = {
    "reveal": "查看完整信息",
    "absorb": "并入工单",
    "parent_ended": "主单已办结",
    "unit_merged": "单位合并",
    "attach": "关联停电",
    "add_file": "添加附件",
    "remove_file": "移除附件",
}
ACTIONS = {"receive": "受理", "decide": "研判"} | BESIDE | {code: move.label for code, move in BY_CODE.items()}


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
    words = f"{days} 天 {hours} 小时" if days else f"{hours} 小时 {minutes} 分钟" if hours else f"{minutes} 分钟"
    if seconds < 0 and not days and not hours and not minutes:
        return "现在到期"  # the minute of the deadline is still in time
    return f"还剩 {words}" if seconds >= 0 else f"已超时 {words}"


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
    return topics[code].name if code and code in topics else (code or "待判断")


def type_name(code: str | None) -> str:
    """Give a demand type's name."""
    return rules().demand_types.get(code or "", code or "待判断")


def department_name(code: str | None) -> str:
    """Give a department's name."""
    return rules().departments.get(code or "", code or "–")


def unit_name(code: str | None) -> str:
    """Give a supply unit's name."""
    if "unit_names" not in g:
        g.unit_names = {row["code"]: row["name"] for row in store().units()}
    return str(g.unit_names.get(code, code or "–"))


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
        basis=lambda code: BASIS.get(code, code),
        percent=lambda share: f"{share:.1%}",
    )
    app.context_processor(surroundings)
