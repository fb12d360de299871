"""Help inside the product: for each page what it is for, and the keys that it answers to; and how the pages look (随系统、浅色、深色)."""

from collections.abc import Mapping
from dataclasses import dataclass

from flask import abort, current_app, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from routes.request import user
from routes.web.blueprint import blueprint
from routes.web.sign import local
from triage.terms import Role

THEMES = {"": "随系统", "light": "浅色", "dark": "深色"}
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
    ("?", "打开本页的快捷键表；正在输入文字时按 Alt+Shift+/"),
    ("Esc", "关闭快捷键表或下拉列表"),
    ("Tab", "走到下一个按钮或输入框，Shift+Tab 往回"),
)
DECIDERS = (Role.AGENT, Role.DISPATCHER, Role.LEADER, Role.AUDITOR)
SHIFTS = (Role.AGENT, Role.DISPATCHER, Role.HANDLER, Role.LEADER)
PAGES = (
    HelpPage(
        "call",
        "登记来电",
        ("pages.new_complaint", "pages.register_complaint"),
        (Role.AGENT,),
        (
            ("Alt+K", "查客户（户号、电话、姓名）"),
            ("Alt+1 … 3", "取第几个候选主题；客户有多个匹配时取第几个客户"),
            ("Alt+/", "按名称或拼音首字母找主题"),
            ("Alt+Z", "撤销刚才自动填入的一项"),
            ("Alt+N", "再加一件诉求"),
            ("Alt+P", "研判"),
            ("Alt+Enter", "登记"),
            ("Alt+R", "继续未提交的登记"),
        ),
    ),
    HelpPage(
        "callbacks",
        "待回访与归档",
        ("pages.callbacks", "pages.callback_move", "pages.callback_phone"),
        (Role.AGENT,),
        (
            ("Alt+↓ / Alt+↑", "下一张、上一张"),
            ("Alt+T", "显示号码（会记入审计）"),
            ("Alt+1 … 9", "记下回访评价"),
            ("Alt+0", "记下未接通"),
            ("Alt+Enter", "归档"),
        ),
    ),
    HelpPage(
        "dispatch",
        "待审核列表",
        ("pages.dispatch", "pages.sent_by_machine"),
        (Role.DISPATCHER,),
        (("Alt+W", "逐张处理"), ("Alt+H", "逐张审回单"), ("Alt+G", "打开最大的一组“一事多报”")),
    ),
    HelpPage(
        "desk",
        "逐张派单与审单",
        ("pages.desk", "pages.decide", "pages.skip", "pages.undo"),
        (Role.DISPATCHER,),
        (
            ("1 2 3 或 Alt+1 … 3", "按第几个候选派出"),
            ("Alt+T", "按名称或拼音首字母找其他主题"),
            ("Alt+U", "改供电单位"),
            ("Alt+R", "转告（非供电责任）"),
            ("Alt+M", "并入另一张工单"),
            ("Alt+S", "跳过"),
            ("Alt+G", "整组处理一事多报"),
            ("Alt+Y", "审核通过；已派出的危险工单：已阅"),
            ("Alt+B", "退回重办"),
            ("Alt+Z", "一分钟内撤销刚才的派单"),
            ("Alt+Enter", "发送打开的表单"),
        ),
    ),
    HelpPage("storm", "一事多报", ("pages.storms", "pages.storm_of", "pages.merge_storm"), (Role.DISPATCHER,), (("Alt+Enter", "把勾选的并入主单"),)),
    HelpPage(
        "queue",
        "班组队列",
        ("pages.queue", "pages.accept_chosen", "pages.keep_filter", "pages.kept_filter"),
        (Role.HANDLER, Role.LEADER),
        (("↑ ↓", "上一张、下一张"), ("Enter", "打开工单"), ("空格", "勾选"), ("Alt+J", "接单所选")),
    ),
    HelpPage("shifts", "班组与交接班", ("pages.shifts", "pages.plan_shifts", "pages.handover", "pages.leave_shift"), SHIFTS),
    HelpPage(
        "ticket",
        "工单",
        ("pages.ticket", "pages.move", "pages.reveal_caller", "pages.print_ticket"),
        keys=(("Alt+字母", "每个操作名旁边写着它的字母：第一次按打开，必填项填好后再按一次就提交"),),
    ),
    HelpPage("requests", "待批与待告知", ("pages.waiting_requests",), DECIDERS),
    HelpPage("messages", "消息与发件箱", ("pages.messages", "pages.outbox"), keys=(("Alt+A", "全部标为已读"),)),
    HelpPage("outages", "停电信息", ("pages.outages", "pages.register_outage", "pages.outage"), (Role.AGENT, Role.DISPATCHER, Role.LEADER)),
    HelpPage("search", "检索", ("pages.search", "pages.results")),
    HelpPage(
        "board",
        "看板",
        (
            "pages.board_overview",
            "pages.board_trend",
            "pages.board_units",
            "pages.board_kinds",
            "pages.board_times",
            "pages.board_list",
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
        "周报与月报",
        ("pages.reports", "pages.report", "pages.report_file", "pages.kept_report"),
        (Role.DISPATCHER, Role.LEADER, Role.AUDITOR, Role.ADMIN),
    ),
    HelpPage("timeliness", "处理及时率", ("pages.timeliness", "pages.timeliness_steps"), (Role.DISPATCHER, Role.LEADER, Role.AUDITOR, Role.ADMIN)),
    HelpPage(
        "audit",
        "质检与整改",
        ("pages.audit", "pages.audit_sample", "pages.scorecard", "pages.audit_suspicions", "pages.audit_task_list"),
        (Role.AUDITOR, Role.LEADER, Role.HANDLER),
    ),
    HelpPage("admin", "管理", ("pages.admin", "pages.reference", "pages.reference_row", "pages.new_row"), (Role.ADMIN,)),
    HelpPage("models", "分类模型", ("pages.models", "pages.model"), (Role.ADMIN,)),
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
